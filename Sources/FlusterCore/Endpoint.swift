/// A name under which a running task can be reached. It belongs to an attempt and is gone with it.
package struct Endpoint: Hashable, Sendable {
  /// The most bytes of a name.
  package static let maximumName = 255
  /// The most bytes of an address.
  package static let maximumAddress = 1000
  /// The most bytes of all metadata of one, keys and values.
  package static let maximumMetadata = 4096
  /// So many an attempt may have.
  package static let maximumPerAttempt = 100
  /// So many all attempts of a tree may have.
  package static let maximumPerTree = 10_000
  /// Names that begin so are kept for Fluster itself.
  package static let reservedPrefix = "/system/"

  /// What its owner says of it.
  package struct Property: Hashable, Sendable {
    package let key: String
    package let value: String

    /// A key and its value.
    package init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  package let attempt: AttemptUID
  package let name: String
  /// A socket's path, or HOST:PORT; nobody but its users reads it.
  package let address: String
  /// By key, each once.
  package let metadata: [Property]

  /// An endpoint of `attempt`. It is one with every other of the same attempt, name and address:
  /// the later one takes the place of the earlier.
  package init(
    attempt: AttemptUID, name: String, address: String, metadata: [Property] = []
  ) {
    self.attempt = attempt
    self.name = name
    self.address = address
    self.metadata = metadata.sorted { $0.key.precedes($1.key) }
  }

  /// Whether all of it is the same, byte by byte.
  func isSame(as other: Endpoint) -> Bool {
    attempt == other.attempt && name.hasBytes(of: other.name)
      && address.hasBytes(of: other.address)
      && metadata.elementsEqual(other.metadata) {
        $0.key.hasBytes(of: $1.key) && $0.value.hasBytes(of: $1.value)
      }
  }

  /// Why there can be no such endpoint; nil if there can.
  var refusal: Refusal? {
    func invalid(_ message: String, _ wayOut: String = "") -> Refusal {
      Refusal(.invalidArgument, message, wayOut: wayOut)
    }
    guard !name.isEmpty else { return invalid("an endpoint needs a name") }
    guard name.utf8.count <= Self.maximumName else {
      return invalid(
        "the name of an endpoint has at most \(Self.maximumName) bytes, not \(name.utf8.count)")
    }
    guard !name.hasControl else { return invalid("the name of an endpoint is one plain line") }
    guard !name.utf8.starts(with: Self.reservedPrefix.utf8) else {
      return invalid(
        "the endpoint name \(name) is reserved", "take one that does not begin with /system/")
    }
    guard !address.isEmpty else { return invalid("endpoint \(name) has no address") }
    guard address.utf8.count <= Self.maximumAddress, !address.hasControl else {
      return invalid(
        "the address of endpoint \(name) is not one plain line of at most "
          + "\(Self.maximumAddress) bytes")
    }
    return metadataRefusal.map { invalid("the metadata of endpoint \(name) \($0)") }
  }

  private var metadataRefusal: String? {
    let bytes = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard bytes <= Self.maximumMetadata else {
      return "is \(bytes) bytes, and may be \(Self.maximumMetadata)"
    }
    var last: String?
    for property in metadata {
      let key = property.key
      guard !key.isEmpty, !key.utf8.contains(UInt8(ascii: "=")), !key.hasControl,
        !property.value.hasControl
      else { return "has a key or a value that is not plain" }
      guard last?.hasBytes(of: key) != true else { return "says \(key) twice" }
      last = key
    }
    return nil
  }
}

extension String {
  /// Whether it holds bytes that are no characters to show, a zero byte among them.
  fileprivate var hasControl: Bool { utf8.contains { $0 < 0x20 || $0 == 0x7f } }

  /// Order by bytes, as the store has it, whatever Unicode thinks of it.
  func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }

  /// The same bytes; `==` takes two spellings of one letter for the same, and the store does not.
  func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
