import CFluster
import Glibc

/// Holes in files: ranges that read as zeros and occupy no disk.
package enum Hole {
  /// Gives a range of a file that is open for writing back to the disk; the file's size stays.
  ///
  /// EOPNOTSUPP where the file system has no holes. May wait for the disk. Any thread.
  package static func punch(_ range: Range<Int64>, in file: Descriptor) throws(SystemError) {
    guard fl_punch_hole(file.raw, range.lowerBound, Int64(range.count)) == 0 else {
      throw SystemError.last("punch a hole into a file")
    }
  }
}
