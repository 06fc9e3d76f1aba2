import FlusterSystem
import Glibc

/// One pass over the directory of the kept logs.
struct LogPruning: Sendable {
  let directory: String
  /// Wall time in milliseconds; what was last written before goes.
  let oldest: Int64
  /// The uids, in hexadecimal, of attempts whose logs stay.
  let spared: Set<String>

  /// Removes what is old. What cannot be looked at or removed stays.
  func run() {
    guard let names = try? Files.names(in: directory) else { return }
    for name in names where isLog(name) {
      var status = stat()
      let path = "\(directory)/\(name)"
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        Int64(status.st_mtim.tv_sec) * 1000 < oldest
      else { continue }
      unlink(path)
    }
  }

  private func isLog(_ name: String) -> Bool {
    guard name.hasSuffix(".log") || name.hasSuffix(".err") else { return false }
    let uid = name.dropLast(4)
    return uid.utf8.count == 32 && uid.allSatisfy(\.isHexDigit) && !spared.contains(String(uid))
  }
}
