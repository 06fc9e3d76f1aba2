import Glibc

/// A fresh directory for one test, removed with everything in it at the end of `with`.
struct ScratchDirectory {
  let path: String

  /// Runs the body with a directory of mode 0700.
  static func with<Result>(_ body: (ScratchDirectory) throws -> Result) throws -> Result {
    let directory = try make()
    defer { removeTree(directory.path) }
    return try body(directory)
  }

  /// The same for a body that waits for other processes.
  static func waiting<Result>(
    _ body: (ScratchDirectory) async throws -> Result
  ) async throws -> Result {
    let directory = try make()
    defer { removeTree(directory.path) }
    return try await body(directory)
  }

  private static func make() throws -> ScratchDirectory {
    var template = Array("/tmp/fluster-store-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Trouble("cannot make a directory") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return ScratchDirectory(path: path)
  }

  /// The path of something in the directory.
  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  private static func removeTree(_ path: String) {
    for name in names(in: path) {
      let inner = "\(path)/\(name)"
      if unlink(inner) != 0 { removeTree(inner) }
    }
    rmdir(path)
  }

  /// The names in a directory, but for the two that every directory has.
  static func names(in path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// What a test could not do.
struct Trouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The error of a body that must throw one of this type; nil if it throws none.
func failure<Failure: Error>(
  of type: Failure.Type = Failure.self, _ body: () throws(Failure) -> Void
) -> Failure? {
  do throws(Failure) {
    try body()
    return nil
  } catch {
    return error
  }
}
