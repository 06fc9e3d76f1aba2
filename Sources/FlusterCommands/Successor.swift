import FlusterClient
import FlusterSystem
import Glibc

/// Replacing this process by another program.
enum Successor {
  /// The program called `name`: beside this one, else where an installation has the daemons, else
  /// in PATH; nil if there is none.
  static func find(_ name: String) -> String? {
    guard !name.contains("/") else { return nil }
    var folders: [String] = []
    if let own = try? Files.realpath("/proc/self/exe") {
      let folder = Files.parent(of: own)
      folders += [folder, "\(Files.parent(of: folder))/libexec/fluster"]
    }
    folders += (Environment.variable("PATH") ?? "/usr/local/bin:/usr/bin:/bin")
      .split(separator: ":").map(String.init)
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 && !Files.isDirectory($0) }
  }

  /// Becomes the program at `path`; returns only to throw.
  static func become(_ path: String, _ arguments: [[UInt8]]) throws(Failure) -> Never {
    var pointers = arguments.map { word in
      strdup(word.map { CChar(bitPattern: $0) } + [0])
    }
    pointers.append(nil)
    _ = execv(path, pointers)
    let number = errno
    throw Failure(.internal, "cannot execute \(path): \(SystemError.reason(number))")
  }
}
