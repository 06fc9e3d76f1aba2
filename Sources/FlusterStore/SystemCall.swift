import Glibc

extension StoreError {
  /// What a failed system call about `path` means.
  static func system(_ path: String, errno code: Int32) -> StoreError {
    let detail = words(of: code)
    switch code {
    case ENOSPC, EDQUOT, EFBIG: return .full(path, detail)
    case EROFS, EACCES, EPERM: return .readOnly(path, detail)
    default: return .io(path, code: -code, detail)
    }
  }

  /// The C library's sentence for an errno, in lower case.
  static func words(of code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text).lowercased()
  }
}
