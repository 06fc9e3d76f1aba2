import FlusterCore
import Glibc

/// The part of a disk that logs must leave to others.
struct DiskReserve {
  /// A gibibyte, or 5 % of a small disk: with less, logs are kept short.
  private static let least: UInt64 = 1 << 30
  /// With less than this and than 5 %, new work goes elsewhere.
  private static let comfort: UInt64 = 10 << 30

  private let free: UInt64
  private let size: UInt64

  /// Looks where `path` is; nil if that cannot be asked.
  init?(at path: String) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let block = UInt64(status.f_frsize)
    size = UInt64(status.f_blocks) * block
    free = UInt64(status.f_bavail) * block
  }

  /// Whether less than the reserve is free.
  var isTouched: Bool { free < min(Self.least, size / 20) }

  /// Whether there is too little for new work. Who has said so stays with it until a tenth more is
  /// free, so that it is not told again and again.
  func isShort(already: Bool) -> Bool {
    let limit = min(Self.comfort, size / 20)
    return free < (already ? limit + limit / 10 : limit)
  }

  /// `only 3.1G (4 %) is free`.
  var text: String {
    "only \(Quantity.text(bytes: free)) (\(size == 0 ? 0 : free * 100 / size) %) is free"
  }
}
