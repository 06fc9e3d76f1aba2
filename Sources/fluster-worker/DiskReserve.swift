import Glibc

/// The part of a disk that logs must leave to others.
enum DiskReserve {
  /// A gibibyte, or 5 % of a small disk.
  private static let bytes: UInt64 = 1 << 30

  /// Whether less than the reserve is free where `path` is. What cannot be asked is not short.
  static func isTouched(at path: String) -> Bool {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return false }
    let block = UInt64(status.f_frsize)
    let size = UInt64(status.f_blocks) * block
    return UInt64(status.f_bavail) * block < min(bytes, size / 20)
  }
}
