import CFluster
import Glibc

/// Pipes. Any thread; nothing waits but `take`, for what the caller knows to be there.
package enum Pipe {
  /// What became of bytes on their way from one pipe to another.
  package enum Moved: Sendable, Hashable {
    case bytes(Int)
    /// There are none, or there is no room.
    case nothing
    /// There are none, and nobody is left who could write any.
    case end
  }

  /// A new close-on-exec pipe.
  package static func make() throws(SystemError) -> (reader: Descriptor, writer: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard fl_pipe(&ends) == 0 else { throw SystemError.last("make a pipe") }
    return (Descriptor(adopting: ends[0]), Descriptor(adopting: ends[1]))
  }

  /// Moves what stands in one pipe to another. Whoever is killed meanwhile leaves each byte in the
  /// one or in the other.
  package static func move(
    from source: Descriptor, to sink: Descriptor, limit: Int
  ) throws(SystemError) -> Moved {
    try result(of: fl_move(source.raw, sink.raw, limit), "move bytes between pipes")
  }

  /// Copies what stands in front of one pipe to another, and leaves it there.
  package static func copy(
    from source: Descriptor, to sink: Descriptor, limit: Int
  ) throws(SystemError) -> Moved {
    try result(of: fl_copy(source.raw, sink.raw, limit), "copy bytes between pipes")
  }

  /// So many bytes of a pipe that has them; fewer only if somebody else has taken some.
  package static func take(
    _ count: Int, from source: Descriptor
  ) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let taken = bytes.withUnsafeMutableBytes { room in
        uninterrupted { read(source.raw, room.baseAddress.map { $0 + done }, count - done) }
      }
      guard taken >= 0 || Glibc.errno == EAGAIN else { throw SystemError.last("read a pipe") }
      guard taken > 0 else { break }
      done += taken
    }
    return Array(bytes.prefix(done))
  }

  /// The bytes that stand in a pipe.
  package static func pending(in pipe: Descriptor) throws(SystemError) -> Int {
    let count = fl_pending(pipe.raw)
    guard count >= 0 else { throw SystemError.last("look into a pipe") }
    return count
  }

  private static func result(
    of count: Int, _ call: @autoclosure () -> String
  ) throws(SystemError) -> Moved {
    if count > 0 { return .bytes(count) }
    if count == 0 { return .end }
    guard Glibc.errno == EAGAIN else { throw SystemError.last(call()) }
    return .nothing
  }
}
