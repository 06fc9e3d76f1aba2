import FlusterSystem
import Glibc

/// The small files of a cgroup, in which the kernel counts. Read for each attempt that ends, so as
/// bytes, and by a directory that is looked up once.
struct KernelFigures {
  private let directory: Descriptor

  /// Whether any process is in the cgroup at `path`, or below it; nil if that cannot be read.
  static func isPopulated(_ path: String) -> Bool? {
    let bytes = try? Files.readFigures("\(path)/cgroup.events", limit: 4096)
    return bytes?.split(separator: UInt8(ascii: "\n")).lazy
      .compactMap { number($0, after: "populated ") }.first.map { $0 != 0 }
  }

  /// Nil if there is no such directory.
  init?(in path: String) {
    let raw = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard raw >= 0 else { return nil }
    directory = Descriptor(adopting: raw)
  }

  /// The only number of a file.
  func number(in file: String) -> UInt64? {
    lines(of: file).first.flatMap { Self.number($0) }
  }

  /// The numbers of lines such as `oom_kill 0`, in the order of the names.
  func fields(_ names: [String], in file: String) -> [UInt64?] {
    let lines = lines(of: file)
    return names.map { name in
      lines.lazy.compactMap { Self.number($0, after: "\(name) ") }.first
    }
  }

  /// The total of the line `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`.
  func stall(_ file: String) -> UInt64? {
    lines(of: file).first { $0.starts(with: "some ".utf8) }.flatMap { line in
      words(of: line).lazy.compactMap { Self.number($0, after: "total=") }.first
    }
  }

  /// The sums of all words such as `rbytes=0`, in the order of the prefixes; nil if there is no
  /// such file.
  func sums(_ prefixes: [String], in file: String) -> [UInt64?] {
    guard let bytes = bytes(of: file) else { return prefixes.map { _ in nil } }
    let words = words(of: bytes[...])
    return prefixes.map { prefix in
      words.compactMap { Self.number($0, after: prefix) }.reduce(0, &+)
    }
  }

  private func bytes(of file: String) -> [UInt8]? {
    try? Files.readFigures(file, in: directory, limit: 1 << 20)
  }

  private func lines(of file: String) -> [ArraySlice<UInt8>] {
    bytes(of: file)?.split(separator: UInt8(ascii: "\n")) ?? []
  }

  private func words(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    text.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
  }

  private static func number(_ text: ArraySlice<UInt8>, after prefix: String = "") -> UInt64? {
    guard text.starts(with: prefix.utf8), text.count > prefix.utf8.count else { return nil }
    var number: UInt64 = 0
    for byte in text.dropFirst(prefix.utf8.count) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      let (tens, over) = number.multipliedReportingOverflow(by: 10)
      let (sum, past) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !over, !past else { return nil }
      number = sum
    }
    return number
  }
}
