import Glibc

/// Files and directories by path. Any thread; every call may block on the disk.
package enum Files {
  /// The whole file; EFBIG if it is longer than `limit` bytes.
  package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try open(path, O_RDONLY)
    return try file.contents(limit: limit, what: path)
  }

  /// The whole of a file in which the kernel has figures, by its path or by its name in an open
  /// directory; EFBIG if it is longer than `limit` bytes.
  ///
  /// Such a file is one record and gives all of it that there is room for (Documentation/
  /// filesystems/seq_file.rst), so that who got less need not ask for more.
  package static func readFigures(
    _ path: String, in directory: Descriptor? = nil, limit: Int
  ) throws(SystemError) -> [UInt8] {
    let raw = uninterrupted { openat(directory?.raw ?? AT_FDCWD, path, O_RDONLY | O_CLOEXEC) }
    guard raw >= 0 else { throw SystemError.last("open \(path)") }
    return try Descriptor(adopting: raw).figures(limit: limit, what: path)
  }

  /// Replaces a file so that a crash at any moment leaves the old one or the new one, durably.
  ///
  /// The file gets exactly `mode`.
  package static func writeAtomically(
    _ path: String, _ bytes: [UInt8], mode: UInt32
  ) throws(SystemError) {
    let temporary = "\(path).\(String(Entropy.word(), radix: 36)).tmp"
    let file = try open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    do throws(SystemError) {
      try file.write(bytes, what: temporary)
      guard fchmod(file.raw, mode) == 0, fsync(file.raw) == 0 else {
        throw SystemError.last("write \(temporary)")
      }
      guard rename(temporary, path) == 0 else { throw SystemError.last("rename to \(path)") }
    } catch {
      unlink(temporary)
      throw error
    }
    try fsyncDirectory(parent(of: path))
  }

  /// Makes one directory with exactly `mode`. One that is there already is left as it is.
  package static func makeDirectory(_ path: String, mode: UInt32) throws(SystemError) {
    if mkdir(path, mode) == 0 {
      // The umask may have taken bits away.
      guard chmod(path, mode) == 0 else { throw SystemError.last("make directory \(path)") }
      return
    }
    let failure = SystemError.last("make directory \(path)")
    guard failure.errno == EEXIST, isDirectory(path) else { throw failure }
  }

  /// Makes a directory and those above it that are missing, each with `mode`.
  package static func makeDirectories(_ path: String, mode: UInt32) throws(SystemError) {
    let above = parent(of: path)
    if above != path, !isDirectory(above) { try makeDirectories(above, mode: mode) }
    try makeDirectory(path, mode: mode)
  }

  /// Removes a file, link or socket; whether there was one.
  @discardableResult
  package static func remove(_ path: String) throws(SystemError) -> Bool {
    if unlink(path) == 0 { return true }
    if Glibc.errno == ENOENT { return false }
    throw SystemError.last("remove \(path)")
  }

  /// Whether the path leads to something that we can see.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether two paths lead to one file that we can see.
  package static func areSame(_ one: String, _ other: String) -> Bool {
    var statuses = (stat(), stat())
    guard stat(one, &statuses.0) == 0, stat(other, &statuses.1) == 0 else { return false }
    return statuses.0.st_dev == statuses.1.st_dev && statuses.0.st_ino == statuses.1.st_ino
  }

  /// Whether the path leads to a directory, also through a link.
  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The absolute path without links and dots.
  package static func realpath(_ path: String) throws(SystemError) -> String {
    guard let resolved = Glibc.realpath(path, nil) else {
      throw SystemError.last("resolve \(path)")
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The names in a directory, without `.` and `..`, in byte order.
  package static func names(in path: String) throws(SystemError) -> [String] {
    guard let directory = opendir(path) else { throw SystemError.last("open \(path)") }
    defer { closedir(directory) }
    var names: [String] = []
    while true {
      Glibc.errno = 0
      guard let entry = readdir(directory) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard Glibc.errno == 0 else { throw SystemError.last("read \(path)") }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Makes what was created, renamed or removed in a directory durable.
  package static func fsyncDirectory(_ path: String) throws(SystemError) {
    let directory = try open(path, O_RDONLY | O_DIRECTORY)
    guard fsync(directory.raw) == 0 else { throw SystemError.last("sync \(path)") }
  }

  /// The directory that holds a path: everything before the last slash.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Opens close-on-exec.
  static func open(
    _ path: String, _ flags: Int32, mode: UInt32 = 0
  ) throws(SystemError) -> Descriptor {
    let raw = uninterrupted { Glibc.open(path, flags | O_CLOEXEC, mode) }
    guard raw >= 0 else { throw SystemError.last("open \(path)") }
    return Descriptor(adopting: raw)
  }
}

extension Descriptor {
  /// Writes all bytes at the descriptor's position.
  package func write(_ bytes: [UInt8], what: @autoclosure () -> String) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { rest in
        uninterrupted { Glibc.write(raw, rest.baseAddress, rest.count) }
      }
      guard count >= 0 else { throw SystemError.last("write \(what())") }
      done += count
    }
  }

  /// As `Files.readFigures` reads them; the file may stay open, and tells the latest each time.
  package func figures(
    limit: Int, what: @autoclosure () -> String
  ) throws(SystemError) -> [UInt8] {
    try contents(limit: limit, isOneRecord: true, what: what())
  }

  /// Everything from the beginning to the end, wherever the position is; EFBIG beyond `limit`.
  /// What `isOneRecord` is at its end when it gives less than there is room for.
  func contents(
    limit: Int, isOneRecord: Bool = false, what: @autoclosure () -> String
  ) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    // Most are files of the kernel, of a few lines.
    var room = 4 << 10
    while true {
      // One byte more than allowed is asked for, so that a file too long is seen to be.
      room = min(room, limit + 1)
      var count = 0
      let chunk = [UInt8](unsafeUninitializedCapacity: room) { chunk, filled in
        count = uninterrupted { pread(raw, chunk.baseAddress, room, off_t(bytes.count)) }
        filled = max(count, 0)
      }
      guard count >= 0 else { throw SystemError.last("read \(what())") }
      if count == 0 { return bytes }
      if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
      guard bytes.count <= limit else { throw SystemError(call: "read \(what())", errno: EFBIG) }
      if isOneRecord && count < room { return bytes }
      room = min(room * 4, 1 << 20)
    }
  }
}
