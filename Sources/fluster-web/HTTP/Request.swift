/// Why a request is not answered as it wants: a status, and a sentence for people.
struct RequestError: Error, Hashable {
  let status: Status
  let sentence: String

  init(_ status: Status, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }
}

/// What a browser asks for: GET or HEAD of a path, and the few headers that matter here.
struct Request: Hashable, Sendable {
  /// HEAD: nothing but the headers is wanted. There are no other methods: nothing here changes
  /// anything.
  let isHead: Bool
  /// What stands between the slashes, decoded; none for `/`.
  let path: [String]
  let query: Query
  /// The entity tags of If-None-Match, as they came.
  let knownTags: [String]
  /// Where an event stream was lost: the last id that came.
  let lastEvent: String?

  init(
    isHead: Bool = false, path: [String], query: Query, knownTags: [String] = [],
    lastEvent: String? = nil
  ) {
    self.isHead = isHead
    self.path = path
    self.query = query
    self.knownTags = knownTags
    self.lastEvent = lastEvent
  }

  /// The same page for another address, as an event stream asks for it.
  func at(_ path: [String]) -> Request {
    Request(path: path, query: query, lastEvent: lastEvent)
  }

  /// Takes an address apart. Throws what is wrong with it.
  static func address(_ target: [UInt8]) throws(RequestError) -> (path: [String], query: Query) {
    let malformed = RequestError(.badRequest, "the address is malformed")
    guard target.first == UInt8(ascii: "/"), target.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw malformed
    }
    let halves = target.split(
      separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    var path: [String] = []
    for part in halves[0].split(separator: UInt8(ascii: "/")) {
      guard let word = Percent.decoded(part), word != "..", word != "." else { throw malformed }
      path.append(word)
    }
    var query = Query()
    for item in halves.dropFirst().joined().split(separator: UInt8(ascii: "&")) {
      let sides = item.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Percent.decoded(sides[0], plusIsSpace: true),
        let value = sides.count == 2 ? Percent.decoded(sides[1], plusIsSpace: true) : ""
      else { throw malformed }
      query.items.append(Query.Item(name: name, value: value))
    }
    return (path, query)
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
