import CFluster
import Glibc

/// Bytes that two processes share and neither can change any more: a sealed memfd.
package enum SealedMemory {
  /// A close-on-exec memfd with these bytes; `name` shows in /proc only.
  package static func make(_ bytes: [UInt8], name: String) throws(SystemError) -> Descriptor {
    let memory = try open(bytes, name: name)
    guard fl_seal(memory.raw) == 0 else { throw SystemError.last("seal memory \(name)") }
    return memory
  }

  /// The same, but not sealed: whoever has it may change it.
  package static func open(_ bytes: [UInt8], name: String) throws(SystemError) -> Descriptor {
    let raw = fl_memfd(name)
    guard raw >= 0 else { throw SystemError.last("make memory \(name)") }
    let memory = Descriptor(adopting: raw)
    try memory.write(bytes, what: "memory \(name)")
    return memory
  }

  /// All bytes of a memfd that somebody else made.
  ///
  /// EPERM if it is not sealed against write, shrink, grow and unsealing, because then its maker
  /// could change what we have already checked; EFBIG beyond `limit` bytes.
  package static func read(_ memory: Descriptor, limit: Int) throws(SystemError) -> [UInt8] {
    guard fl_is_sealed(memory.raw) == 1 else {
      throw SystemError(call: "read memory that is not sealed", errno: EPERM)
    }
    return try memory.contents(limit: limit, what: "sealed memory")
  }
}
