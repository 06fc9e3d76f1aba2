import CFluster
import Glibc

/// Processes held by descriptor, whose numbers cannot be given to a stranger meanwhile.
///
/// A pidfd becomes readable when its process ends.
package enum PidFD {
  /// A pidfd of the process that has this number now.
  package static func open(pid: Int32) throws(SystemError) -> Descriptor {
    let raw = fl_pidfd_open(pid)
    guard raw >= 0 else { throw SystemError.last("open process \(pid)") }
    return Descriptor(adopting: raw)
  }

  /// Sends a signal; ESRCH if the process has ended and been waited for.
  package static func send(signal: Int32, to pidfd: Descriptor) throws(SystemError) {
    guard fl_pidfd_send_signal(pidfd.raw, signal) == 0 else {
      throw SystemError.last("send signal \(signal)")
    }
  }

  /// The number of the process that a descriptor stands for; -1 if it has ended and been waited
  /// for, or has no number here; nil if the descriptor is no pidfd.
  package static func pid(of descriptor: Descriptor) -> Int32? {
    let path = "/proc/self/fdinfo/\(descriptor.raw)"
    guard let bytes = try? Files.read(path, limit: 4096) else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count == 2, words[0] == "Pid:" { return Int32(words[1]) }
    }
    return nil
  }

  /// The process that connected this socket; nil where the kernel (before 6.5) cannot tell.
  package static func ofPeer(_ socket: Descriptor) throws(SystemError) -> Descriptor? {
    let raw = fl_peer_pidfd(socket.raw)
    if raw >= 0 { return Descriptor(adopting: raw) }
    if Glibc.errno == ENOPROTOOPT { return nil }
    throw SystemError.last("open the peer's process")
  }
}
