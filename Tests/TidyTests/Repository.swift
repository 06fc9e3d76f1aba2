import FlusterTesting
import Glibc

/// The sources these tests read.
enum Repository {
  /// The directory that holds Package.swift.
  static let root = #filePath.split(separator: "/").dropLast(3)
    .reduce(into: "") { $0 += "/\($1)" }

  /// Paths below the root of what git tracks or would; nil outside a clone.
  static let tracked: [String]? = {
    guard
      let listing = try? run(
        "git", "-c", "safe.directory=*", "-C", root, "ls-files", "--cached", "--others",
        "--exclude-standard"),
      listing.status == 0
    else { return nil }
    return listing.lines.filter { access("\(root)/\($0)", F_OK) == 0 }.sorted()
  }()

  /// Paths below `directory` that end in one of `suffixes`; generated code is left out.
  static func files(in directory: String, ending suffixes: String...) -> [SourceFile] {
    walk(directory).filter { path in
      suffixes.contains(where: path.hasSuffix) && !path.hasSuffix(".pb.swift")
    }.compactMap(SourceFile.init)
  }

  /// Hand-written Swift and C, tests included.
  static var code: [SourceFile] {
    files(in: "Sources", ending: ".swift", ".c", ".h") + files(in: "Tests", ending: ".swift", ".c")
      + files(in: "Package.swift", ending: ".swift")
  }

  /// Scripts, by their first line.
  static var scripts: [SourceFile] {
    (walk("contrib") + walk(".ci")).compactMap(SourceFile.init).filter {
      $0.lines.first?.hasPrefix("#!") == true && $0.lines[0].hasSuffix("sh")
    }
  }

  /// The names of the programs the package makes.
  static var programs: [String] {
    names(in: "\(root)/Sources").filter { $0 == "fluster" || $0.hasPrefix("fluster") }.sorted()
  }

  /// The manual page of a program, or nil.
  static func page(of program: String) -> SourceFile? {
    ["1", "8"].lazy.compactMap { SourceFile("man/\(program).\($0)") }.first
  }

  private static func walk(_ path: String) -> [String] {
    let below = names(in: "\(root)/\(path)")
    return below.isEmpty ? [path] : below.flatMap { walk("\(path)/\($0)") }
  }
}

/// One file of the repository.
struct SourceFile: CustomStringConvertible {
  /// Below the root.
  let path: String
  let lines: [String]

  /// Nil where there is no such file.
  init?(_ path: String) {
    guard let text = try? text(at: "\(Repository.root)/\(path)") else { return nil }
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  var description: String { path }

  /// The file's name without its directory.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// `path:number: line` for each line that `isBad`.
  func lines(where isBad: (String) -> Bool) -> [String] {
    lines.enumerated().filter { isBad($0.element) }.map {
      "\(path):\($0.offset + 1): \($0.element)"
    }
  }
}
