import FlusterSystem
import Glibc

/// The most disk a log may occupy. Beyond it the middle is punched out of the file: the first and
/// the last part stay, offsets and the size remain as they are.
struct LogCap {
  /// The unit in which files are given back; half of every cap is a multiple of it.
  private static let block: UInt64 = 4096

  let limit: UInt64

  /// Gives the middle back to the disk if the log occupies more than the limit.
  func enforce(on file: Descriptor) throws(SystemError) {
    var status = stat()
    guard fstat(file.raw, &status) == 0 else { throw SystemError.last("look at a log") }
    let occupied = UInt64(clamping: status.st_blocks) * 512
    guard occupied > limit, let hole = hole(size: UInt64(clamping: status.st_size)) else { return }
    try Hole.punch(Int64(clamping: hole.lowerBound)..<Int64(clamping: hole.upperBound), in: file)
  }

  /// What is left out of a log of so many bytes; nil: nothing.
  func hole(size: UInt64) -> Range<UInt64>? {
    let half = max(limit / 2 / Self.block, 1) * Self.block
    guard size > 2 * half else { return nil }
    let end = (size - half) / Self.block * Self.block
    return end > half ? half..<end : nil
  }
}
