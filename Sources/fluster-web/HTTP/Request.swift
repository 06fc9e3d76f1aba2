/// What a browser asks for: GET or HEAD of a path, and the few headers that matter here.
struct Request: Hashable, Sendable {
  /// The methods there are: nothing here changes anything.
  enum Method: Hashable, Sendable {
    case get, head
  }

  let method: Method
  /// What stands between the slashes, decoded; none for `/`.
  let path: [String]
  let query: Query
  /// The Host header without its port; nil where none came.
  let host: String?
  /// The entity tags of If-None-Match, as they came.
  let knownTags: [String]
  /// Where an event stream was lost: the last id that came.
  let lastEvent: String?
  /// The connection may be used again.
  let staysOpen: Bool

  /// The same page for another address, as an event stream asks for it.
  func at(_ path: [String]) -> Request {
    Request(
      method: .get, path: path, query: query, host: host, knownTags: [], lastEvent: lastEvent,
      staysOpen: staysOpen)
  }
}

/// What stands behind the question mark.
struct Query: Hashable, Sendable {
  struct Item: Hashable, Sendable {
    let name: String
    let value: String
  }

  var items: [Item] = []

  /// The first value of that name that is not empty.
  subscript(name: String) -> String? { items.first { $0.name == name && $0.value != "" }?.value }

  /// All values of that name that are not empty.
  func all(_ name: String) -> [String] {
    items.filter { $0.name == name && $0.value != "" }.map(\.value)
  }

  /// With the first item of that name as given; nil: without any.
  func with(_ name: String, _ value: String?) -> Query {
    var query = Query(items: items.filter { $0.name != name && $0.value != "" })
    if let value { query.items.append(Item(name: name, value: value)) }
    return query
  }

  /// As it stands in an address, with its question mark; empty where there is nothing.
  var text: String {
    guard !items.isEmpty else { return "" }
    return "?"
      + items.map { "\(Percent.encoded($0.name))=\(Percent.encoded($0.value))" }
      .joined(separator: "&")
  }
}

/// The encoding of addresses (RFC 3986, 2.1).
enum Percent {
  /// Nil where a percent sign is not followed by two digits, or what comes out is no UTF-8 or holds
  /// a zero byte.
  static func decoded(_ text: some Sequence<UInt8>, plusIsSpace: Bool = false) -> String? {
    var bytes: [UInt8] = []
    var rest = text.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else {
          return nil
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Everything but letters, digits and `-._~` encoded.
  static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain = scalar.properties.isAlphabetic || (48...57).contains(byte)
      if byte < 0x80, isPlain || "-._~".utf8.contains(byte) {
        result.unicodeScalars.append(scalar)
      } else {
        result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
