import Glibc

/// A system call of a test's own scaffolding failed.
package struct Failed: Error, CustomStringConvertible {
  package let what: String
  package let number: Int32

  /// Takes the number from errno unless told.
  package init(_ what: String, number: Int32 = errno) {
    self.what = what
    self.number = number
  }

  package var description: String { "\(what): \(String(cString: strerror(number)))" }
}

/// Everything in the file at `path`.
package func bytes(at path: String) throws(Failed) -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw Failed("open \(path)") }
  defer { close(file) }
  return try bytes(of: file)
}

/// Everything in an open file, from its beginning; its offset stays.
package func bytes(of file: Int32) throws(Failed) -> [UInt8] {
  var all: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let isSeekable = lseek(file, 0, SEEK_CUR) >= 0
    let count =
      isSeekable
      ? pread(file, &buffer, buffer.count, off_t(all.count)) : read(file, &buffer, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw Failed("read") }
    if count == 0 { return all }
    all.append(contentsOf: buffer[..<count])
  }
}

/// The text in the file at `path`.
package func text(at path: String) throws(Failed) -> String {
  String(decoding: try bytes(at: path), as: UTF8.self)
}

/// Makes or replaces the file at `path`.
package func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws(Failed) {
  let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
  guard file >= 0 else { throw Failed("create \(path)") }
  defer { close(file) }
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    guard count > 0 else { throw Failed("write \(path)") }
    rest = rest.dropFirst(count)
  }
  chmod(path, mode)
}

/// The names in the directory at `path`, sorted, without the dot entries.
package func names(in path: String) -> [String] {
  guard let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}
