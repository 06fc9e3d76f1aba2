import FlusterClient
import FlusterSystem
import Glibc

/// Where visitors are let in: nowhere that another machine could reach.
enum ListenAddress: Hashable, Sendable {
  case unix(String)
  /// An address of this machine alone, and a port; 0: any that is free.
  case loopback(isVersion6: Bool, port: UInt16)

  /// Reads `unix:PATH`, `127.0.0.1:PORT` or `[::1]:PORT`; throws usage for anything else.
  init(_ text: String) throws(Failure) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard path.hasPrefix("/") else {
        throw .usage("--listen: \"\(path)\" is no absolute path", wayOut: Self.forms)
      }
      self = .unix(path)
      return
    }
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else { throw .usage("--listen: \"\(text)\" is no address", wayOut: Self.forms) }
    switch text[..<colon] {
    case "127.0.0.1", "localhost": self = .loopback(isVersion6: false, port: port)
    case "[::1]": self = .loopback(isVersion6: true, port: port)
    default:
      throw .usage(
        "--listen: \(text[..<colon]) is not an address of this machine alone",
        wayOut: "listen at a unix: path or at 127.0.0.1, and let a server that knows who asks "
          + "pass requests on")
    }
  }

  private static let forms = "write unix:/PATH, 127.0.0.1:PORT or [::1]:PORT"

  /// A listening socket there, non-blocking. One in the file system belongs to its owner alone.
  func listen() throws(SystemError) -> Descriptor {
    switch self {
    case .unix(let path): try UnixSocket.listen(at: path, kind: .stream, mode: 0o600)
    case .loopback(let isVersion6, let port):
      try Loopback.listen(isVersion6: isVersion6, port: port)
    }
  }
}

/// TCP to this machine from this machine.
enum Loopback {
  /// A non-blocking listener at 127.0.0.1 or ::1.
  static func listen(isVersion6: Bool, port: UInt16) throws(SystemError) -> Descriptor {
    let name = isVersion6 ? "[::1]:\(port)" : "127.0.0.1:\(port)"
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let raw = socket(isVersion6 ? AF_INET6 : AF_INET, type, 0)
    guard raw >= 0 else { throw SystemError.last("make a socket") }
    let listener = Descriptor(adopting: raw)
    // Without it, nobody could listen for a minute after one that was stopped.
    var one: Int32 = 1
    setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    let bound: Int32
    if isVersion6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = in6addr_loopback
      bound = withUnsafePointer(to: &address) { bind(raw, to: $0) }
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      bound = withUnsafePointer(to: &address) { bind(raw, to: $0) }
    }
    guard bound == 0, Glibc.listen(raw, 4096) == 0 else {
      throw SystemError.last("listen at \(name)")
    }
    return listener
  }

  /// The address of a listening socket as it stands in a browser; nil for one in the file system.
  static func url(of listener: Descriptor) -> String? {
    var address = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener.raw, $0, &size) }
    }
    // The port stands at the same place in both.
    let port = UInt16(bigEndian: address.sin6_port)
    guard result == 0 else { return nil }
    switch Int32(address.sin6_family) {
    case AF_INET: return "http://127.0.0.1:\(port)/"
    case AF_INET6: return "http://[::1]:\(port)/"
    default: return nil
    }
  }

  /// Whether a descriptor is a stream socket that listens.
  static func isListener(_ descriptor: Descriptor) -> Bool {
    option(SO_ACCEPTCONN, of: descriptor) == 1
      && option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue)
  }

  private static func option(_ name: Int32, of descriptor: Descriptor) -> Int32? {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor.raw, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
  }

  private static func bind<Address>(_ raw: Int32, to address: UnsafePointer<Address>) -> Int32 {
    address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      Glibc.bind(raw, $0, socklen_t(MemoryLayout<Address>.size))
    }
  }
}
