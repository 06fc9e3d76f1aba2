package import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// A script as it was when it was submitted, and what interprets it.
package struct SubmittedScript {
  /// Where a script comes from.
  package enum Source: Hashable, Sendable {
    case file(String)
    case standardInput

    /// In messages.
    package var label: String {
      switch self {
      case .file(let path): path
      case .standardInput: "standard input"
      }
    }
  }

  package let source: Source
  package let bytes: [UInt8]
  /// The interpreter and the one argument that its line may have.
  package let interpreter: [[UInt8]]

  /// Reads it to its end. Throws not-found, permission or data, as is wrong with it.
  package init(from source: Source) throws(Failure) {
    try self.init(source, try Self.read(source))
  }

  /// Takes bytes that came from there.
  package init(_ source: Source, _ bytes: [UInt8]) throws(Failure) {
    guard bytes.count <= Limit.script else {
      throw Failure(
        .data,
        "the script \(source.from) is longer than \(Quantity.text(bytes: UInt64(Limit.script)))",
        wayOut: "leave what it carries in files of their own, and submit what reads them")
    }
    guard !bytes.isEmpty else { throw Self.empty(source) }
    guard !bytes.starts(with: [0x7f] + Array("ELF".utf8)) else {
      throw Failure(
        .data, "\(source.label) is a program, and no script",
        wayOut: "programs are submitted as commands, without -s")
    }
    self.source = source
    self.bytes = bytes
    interpreter = try Self.interpreter(of: bytes, source)
  }

  /// What a job is called that has no name of its own.
  package var name: String {
    switch source {
    case .file(let path): path
    case .standardInput: "stdin"
    }
  }

  /// The words that run it, and the place of the script among them.
  package func argv(_ arguments: [[UInt8]]) -> (words: [[UInt8]], place: Int) {
    let shown = source == .standardInput ? "-" : source.label
    return (interpreter + [Array(shown.utf8)] + arguments, interpreter.count)
  }

  /// The kernel's rule, but that a line which it could not use is refused here, where somebody sees
  /// it, and that no line means the shell, as to a shell.
  private static func interpreter(
    of bytes: [UInt8], _ source: Source
  ) throws(Failure) -> [[UInt8]] {
    let shell = [Array("/bin/sh".utf8)]
    guard bytes.starts(with: "#!".utf8) else { return shell }
    let line = trimmed(bytes[2...].prefix { $0 != UInt8(ascii: "\n") })
    guard !line.isEmpty else { return shell }
    let shown = "#!\(String(decoding: line, as: UTF8.self))"
    guard line.last != UInt8(ascii: "\r") else {
      throw Failure(
        .data, "\(source.label):1: the line ends with a carriage return, as on Windows",
        wayOut: "take them out, for example with: tr -d '\\r'")
    }
    guard !line.contains(0) else {
      throw Failure(.data, "\(source.label):1: a zero byte is in the name of the interpreter")
    }
    let command = line.prefix { !isBlank($0) }
    guard command.contains(UInt8(ascii: "/")) else {
      throw Failure(
        .data, "\(source.label):1: \"\(shown)\" names no interpreter by its path",
        wayOut: "write, for example, #!/usr/bin/env python3")
    }
    let argument = trimmed(line[command.endIndex...])
    return [Array(command)] + (argument.isEmpty ? [] : [Array(argument)])
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop(while: isBlank)
    while let last = bytes.last, isBlank(last) { bytes.removeLast() }
    return bytes
  }

  private static func empty(_ source: Source) -> Failure {
    switch source {
    case .file(let path): Failure(.data, "the script \(path) is empty")
    case .standardInput:
      Failure(.data, "no command is given, and the script on standard input is empty")
    }
  }

  private static func read(_ source: Source) throws(Failure) -> [UInt8] {
    var opened: Descriptor?
    if case .file(let path) = source {
      let raw = open(path, O_RDONLY | O_CLOEXEC)
      guard raw >= 0 else { throw failure(source, errno) }
      opened = Descriptor(adopting: raw)
    }
    let number = opened?.raw ?? STDIN_FILENO
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= Limit.script {
      let count = Glibc.read(number, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(source, errno) }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return withExtendedLifetime(opened) { bytes }
  }

  private static func failure(_ source: Source, _ error: Int32) -> Failure {
    let status: ExitStatus = error == EACCES || error == EPERM ? .permission : .notFound
    return Failure(status, "cannot read the script \(source.from): \(SystemError.reason(error))")
  }
}

extension SubmittedScript.Source {
  /// `job.sh`, or `on standard input`.
  fileprivate var from: String {
    switch self {
    case .file(let path): path
    case .standardInput: "on standard input"
    }
  }
}
