import FlusterSystem
import Glibc

/// A fresh directory for one test, removed with everything in it at the end of `with`.
struct ScratchDirectory {
  let path: String

  /// Runs the body with a directory whose path is short enough for sockets.
  static func with<Result>(_ body: (ScratchDirectory) throws -> Result) throws -> Result {
    let name = "/tmp/fluster-test-\(String(Entropy.word(), radix: 36))"
    try Files.makeDirectory(name, mode: 0o700)
    defer { removeTree(name) }
    return try body(ScratchDirectory(path: name))
  }

  /// The path of something in the directory.
  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  private static func removeTree(_ path: String) {
    for name in (try? Files.names(in: path)) ?? [] {
      let inner = "\(path)/\(name)"
      if unlink(inner) != 0 { removeTree(inner) }
    }
    rmdir(path)
  }
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

/// The permission bits of a file.
func mode(of path: String) -> UInt32? {
  var status = stat()
  return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
}

/// Whether a descriptor is closed on exec.
func closesOnExec(_ descriptor: Descriptor) -> Bool {
  fcntl(descriptor.raw, F_GETFD) & FD_CLOEXEC != 0
}
