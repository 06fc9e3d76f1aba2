/// Why the store did not do what it was asked. Whatever was being written has not been written.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of trouble, for those who act on it.
  package enum Kind: Hashable, Sendable {
    /// The disk, or a quota, has no room.
    case full
    /// The directory or a file in it may not be written.
    case readOnly
    /// Another flusterd has the directory, or another program the file.
    case locked
    /// The file is not a store, or not what was written.
    case damaged
    /// Written by a newer Fluster, in a format unknown here.
    case newer(version: Int64)
    /// The system said no; SQLite's extended code, or the negative errno.
    case io(code: Int32)
  }

  package let kind: Kind
  /// The file or directory in question.
  package let path: String
  /// One lower-case sentence that names the path.
  package let message: String
  /// What an administrator can do about it.
  package let wayOut: String

  /// The sentence and, on a second line, the way out.
  package var description: String { wayOut.isEmpty ? message : message + "\n" + wayOut }
}

extension StoreError {
  static func full(_ path: String, _ detail: String) -> StoreError {
    StoreError(
      kind: .full, path: path, message: "there is no room for \(path): \(detail)",
      wayOut: "free some space on its file system; nothing acknowledged is lost, "
        + "and service resumes by itself")
  }

  static func readOnly(_ path: String, _ detail: String) -> StoreError {
    StoreError(
      kind: .readOnly, path: path, message: "\(path) cannot be written: \(detail)",
      wayOut: "make the directory and the files in it writable for the user flusterd runs as, "
        + "or choose another state directory")
  }

  static func locked(directory: String, holder: String?) -> StoreError {
    let process = holder.map { " (process \($0))" } ?? ""
    return StoreError(
      kind: .locked, path: directory,
      message: "\(directory) is in use by another flusterd\(process)",
      wayOut: "stop that one first, or give this one a state directory of its own")
  }

  static func busy(_ path: String) -> StoreError {
    StoreError(
      kind: .locked, path: path, message: "\(path) is locked by another program",
      wayOut: "end the program that has it open, such as sqlite3 in the middle of a transaction")
  }

  static func damaged(_ path: String, _ detail: String) -> StoreError {
    StoreError(
      kind: .damaged, path: path, message: "\(path) is damaged: \(detail)",
      wayOut: "restore a backup, or move \(path) and the files beside it that begin with its name "
        + "away to begin without the jobs in it; fluster-store(5) tells how")
  }

  static func newer(_ path: String, version: Int64, known: Int) -> StoreError {
    StoreError(
      kind: .newer(version: version), path: path,
      message: "\(path) has format \(version), and this flusterd knows formats up to \(known)",
      wayOut: "install the version of Fluster that wrote it, or a newer one")
  }

  static func io(_ path: String, code: Int32, _ detail: String) -> StoreError {
    StoreError(
      kind: .io(code: code), path: path, message: "cannot work with \(path): \(detail)",
      wayOut: "look for the cause in the kernel's log and on the disk, then start flusterd again")
  }
}
