import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc
import Logging

/// Why an attempt cannot be given a port or the path of a socket.
struct AddressObstacle: Error {
  let text: String
  let errno: Int32
}

/// The TCP ports and sockets that attempts asked for by name. What one holds nobody else is given
/// before it has ended, whether this worker lives on or another life of it.
struct Addresses {
  /// So many ports that cannot be bound are passed over for one that was asked for.
  static let tries = 3

  var ports: ClosedRange<UInt16>
  /// Holds a directory for each attempt with sockets.
  private let sockets: String
  private let log: Logger
  private var claims: Claims
  /// Could not be bound, and come last from then on.
  private var avoided: Set<UInt16> = []

  /// Those that this worker gave in earlier lives are still given.
  init(runtime: String, worker: String, ports: ClosedRange<UInt16>, log: Logger) {
    self.ports = ports
    self.log = log
    sockets = "\(runtime)/sock"
    claims = Claims(directory: "\(runtime)/claims", worker: worker)
  }

  /// The variables that tell an attempt of its ports and sockets. All or none are given.
  mutating func give(
    _ launch: WireLaunch, owner: UInt32, to uid: AttemptUID
  ) throws(AddressObstacle) -> [String] {
    var variables: [String] = []
    do throws(AddressObstacle) {
      for name in launch.ports {
        variables.append("FLUSTER_PORT_\(name.uppercased())=\(try port(name, for: uid))")
      }
      guard !launch.sockets.isEmpty else { return variables }
      let directory = try socketDirectory(for: uid, of: owner)
      for name in launch.sockets {
        let path = "\(directory)/\(name)"
        guard path.utf8.count <= UnixSocket.maximumPathLength else {
          throw AddressObstacle(text: path, errno: ENAMETOOLONG)
        }
        variables.append("FLUSTER_SOCK_\(name.uppercased())=\(path)")
      }
      return variables
    } catch {
      take(from: uid)
      throw error
    }
  }

  /// The attempt has ended: what it held is free.
  mutating func take(from uid: AttemptUID) {
    for name in claims.names(of: uid) {
      do throws(SystemError) {
        if name == "\(uid)" { try removeSockets(of: uid) }
        try claims.drop(name, of: uid)
      } catch {
        log.warning("attempt \(uid) leaves something behind: \(error)")
      }
    }
  }

  /// Only what these attempts hold is held.
  mutating func keep(only isActive: (AttemptUID) -> Bool) {
    for uid in claims.attempts where !isActive(uid) { take(from: uid) }
  }

  /// The lowest that is free.
  private mutating func port(
    _ name: String, for uid: AttemptUID
  ) throws(AddressObstacle) -> UInt16 {
    var failures = 0
    let range = "\(ports.lowerBound)-\(ports.upperBound)"
    for port in ports.filter({ !avoided.contains($0) }) + avoided.sorted()
    where ports.contains(port) {
      do throws(SystemError) {
        guard try claims.take("\(port)", for: uid) else { continue }
        guard let obstacle = Self.obstacle(to: port) else {
          avoided.remove(port)
          return port
        }
        try claims.drop("\(port)", of: uid)
        log.warning("port \(port) is passed over: \(SystemError.reason(obstacle))")
        avoided.insert(port)
        failures += 1
        guard failures < Self.tries else {
          throw SystemError(
            call: "\(failures) ports of \(range) cannot be bound for port \(name)", errno: obstacle)
        }
      } catch {
        throw AddressObstacle(text: error.call, errno: error.errno)
      }
    }
    throw AddressObstacle(text: "no port of \(range) is left for port \(name)", errno: EADDRINUSE)
  }

  /// Why nobody could listen at a port of this machine, as an error number; nil if one can.
  private static func obstacle(to port: UInt16) -> Int32? {
    let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { return errno }
    let probe = Descriptor(adopting: raw)
    // Connections of the port's last holder that linger keep no server from listening there.
    var yes: Int32 = 1
    setsockopt(probe.raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(probe.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return result == 0 ? nil : errno
  }

  /// A new directory that nobody but the owner and this worker enters. It is the worker's, who can
  /// remove what another user has made there.
  private mutating func socketDirectory(
    for uid: AttemptUID, of owner: UInt32
  ) throws(AddressObstacle) -> String {
    let directory = "\(sockets)/\(uid)"
    do throws(SystemError) {
      _ = try claims.take("\(uid)", for: uid)
      try Files.makeDirectory(sockets, mode: 0o711)
      try Files.makeDirectory(directory, mode: 0o700)
      if owner != geteuid() { try AccessList.open(directory: directory, to: owner) }
    } catch {
      throw AddressObstacle(text: error.call, errno: error.errno)
    }
    return directory
  }

  private func removeSockets(of uid: AttemptUID) throws(SystemError) {
    let directory = "\(sockets)/\(uid)"
    guard Files.exists(directory) else { return }
    for name in try Files.names(in: directory) { try Files.remove("\(directory)/\(name)") }
    guard rmdir(directory) == 0 else { throw SystemError.last("remove \(directory)") }
  }
}
