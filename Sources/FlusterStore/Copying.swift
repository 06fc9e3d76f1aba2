import Glibc

/// Copies of a store in use.
package enum Copying {
  /// Copies the store in `directory` as it is now, reads the copy back, and returns a descriptor of
  /// it, open for reading: it has no name any more. The caller closes it.
  ///
  /// Disturbs neither readers nor the writer. Only one at a time; takes as long as reading and
  /// writing all of it, and as much room in the directory.
  package static func copy(directory: String) throws(StoreError) -> Int32 {
    let path = "\(directory)/fluster.copy"
    // What a life before this one may have left.
    unlink(path)
    defer { unlink(path) }
    let source = try Database(path: StoreFiles(directory: directory).database, access: .read)
    // Only the copy is written; but SQLite sees a write.
    try source.execute("PRAGMA query_only = OFF")
    try source.execute("VACUUM INTO '\(path.replacing("'", with: "''"))'")
    let copy = try Database(path: path, access: .read)
    let damage = try copy.damage()
    if let first = damage.first { throw .damaged(path, first) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw .system(path, errno: errno) }
    return descriptor
  }
}
