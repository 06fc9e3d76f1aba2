import FlusterSystem
import FlusterTesting
import Glibc

/// The datagram socket of a service manager, to which a service tells how it is.
struct NotifySocket {
  private let socket: Descriptor

  /// Binds it to `path`.
  init(at path: String) throws {
    socket = Descriptor(
      adopting: Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket.raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw Failed("bind \(path)") }
  }

  /// The next message, which has lines `NAME=value`; nil when none comes within `seconds`.
  func next(within seconds: Double = 20) -> [String]? {
    var ready = pollfd(fd: socket.raw, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, Int32(seconds * 1000)) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(socket.raw, &bytes, bytes.count, 0)
    guard count >= 0 else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The next message that has the line; others are passed over.
  func wait(for line: String) throws -> [String] {
    var found: [String] = []
    try eventually("\(line) from the service") {
      found = next(within: 1) ?? []
      return found.contains(line)
    }
    return found
  }

  /// Everything that has come and was not read yet.
  func drain() -> [[String]] {
    var all: [[String]] = []
    while let message = next(within: 0) { all.append(message) }
    return all
  }
}
