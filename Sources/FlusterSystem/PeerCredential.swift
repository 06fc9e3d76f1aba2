import CFluster
import Glibc

/// Who is at the other end of a Unix socket, as the kernel recorded it when they connected.
package struct PeerCredential: Hashable, Sendable {
  package let uid: UInt32
  package let gid: UInt32
  /// The process that connected; it may be gone, and its number used again.
  package let pid: Int32

  /// The uid and gid that stand for everyone who has none in our user namespace. It is no identity
  /// and must be refused as one.
  package static let overflow: UInt32 = 65534

  /// SO_PEERCRED of a connected socket.
  package static func of(_ socket: Descriptor) throws(SystemError) -> PeerCredential {
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var pid: Int32 = 0
    guard fl_peer_credential(socket.raw, &uid, &gid, &pid) == 0 else {
      throw SystemError.last("read the peer's credentials")
    }
    return PeerCredential(uid: uid, gid: gid, pid: pid)
  }

  /// SO_PEERGROUPS of a connected socket: the supplementary groups, without asking any name
  /// service.
  package static func groups(of socket: Descriptor) throws(SystemError) -> [UInt32] {
    var groups = [UInt32](repeating: 0, count: 64)
    while true {
      var count = groups.count
      if fl_peer_groups(socket.raw, &groups, &count) == 0 {
        return Array(groups.prefix(count))
      }
      guard Glibc.errno == ERANGE, count > groups.count else {
        throw SystemError.last("read the peer's groups")
      }
      groups = [UInt32](repeating: 0, count: count)
    }
  }
}
