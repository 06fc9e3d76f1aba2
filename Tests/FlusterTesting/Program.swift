import Glibc

/// What a program left behind when it ended.
package struct Finished: Sendable, CustomStringConvertible {
  /// The exit code, or 128 + the signal, as a shell sees it.
  package let status: Int32
  package let output: String
  package let errors: String

  /// The output's lines, without the ends.
  package var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// What something left that this machine did not start itself.
  package init(status: Int32, output: String, errors: String) {
    self.status = status
    self.output = output
    self.errors = errors
  }

  package var description: String { "status \(status)\nstdout: \(output)\nstderr: \(errors)" }
}

/// A program that was started by a test, with its output going to a file without a name.
///
/// Belongs to one task at a time. Whoever starts one waits for it or kills it.
package final class Program {
  package let pid: Int32
  private let name: String
  private let output: Int32
  private let errors: Int32
  private var status: Int32?

  /// Starts `arguments[0]` in a session of its own: standard input from `input` (empty: nothing),
  /// no descriptors but the three and, from 3 on, copies of `passing`, no signals blocked.
  ///
  /// `errorsTo` names a file to append standard error to instead.
  package init(
    _ arguments: [String], environment: [String: String], directory: String? = nil,
    input: String = "", errorsTo: String? = nil, passing: [Int32] = []
  ) throws {
    let arguments = (directory.map { ["/usr/bin/env", "-C", $0] } ?? []) + arguments
    let program = try Program.find(arguments[0], environment["PATH"] ?? "/usr/bin:/bin")
    name = arguments.joined(separator: " ")
    let inputFile = try Program.nameless(input)
    defer { close(inputFile) }
    output = try Program.nameless("")
    errors = try errorsTo.map(Program.appending) ?? Program.nameless("")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, inputFile, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    // From high numbers, lest one copy overwrite what another is to be made of.
    let high = passing.map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
    defer { for descriptor in high { close(descriptor) } }
    for (index, descriptor) in high.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, 3 + Int32(index))
    }
    let last = 2 + Int32(passing.count)
    for other in names(in: "/proc/self/fd").compactMap({ Int32($0) }) where other > last {
      posix_spawn_file_actions_addclose(&actions, other)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let newSession: Int32 = 0x80
    posix_spawnattr_setflags(
      &attributes, Int16(newSession | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let environment = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var child: Int32 = 0
    let failure = Program.withVector(arguments) { arguments in
      Program.withVector(environment) { environment in
        posix_spawn(&child, program, &actions, &attributes, arguments, environment)
      }
    }
    pid = child
    guard failure == 0 else {
      // There is no process for deinit to kill.
      status = 127
      throw Failed("start \(program)", number: failure)
    }
  }

  deinit {
    if status == nil {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    close(output)
    close(errors)
  }

  /// What it has written so far.
  package var outputSoFar: String {
    (try? bytes(of: output)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// What it has said on standard error so far.
  package var errorsSoFar: String {
    (try? bytes(of: errors)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Whether it has not ended yet.
  package var isRunning: Bool { ended() == nil }

  /// Waits for its end.
  ///
  /// - Throws: `TimedOut` after `seconds`; the program is then killed.
  package func finish(within seconds: Double = 60) throws -> Finished {
    do {
      try eventually("end of \(name)", within: seconds) { ended() != nil }
    } catch {
      kill(pid, SIGKILL)
      throw error
    }
    // Not to be closed by deinit before they have been read.
    return try withExtendedLifetime(self) {
      Finished(
        status: status ?? -1,
        output: String(decoding: try bytes(of: output), as: UTF8.self),
        errors: String(decoding: try bytes(of: errors), as: UTF8.self))
    }
  }

  /// Sends a signal, unless it has ended already.
  package func signal(_ number: Int32) {
    if ended() == nil { kill(pid, number) }
  }

  private func ended() -> Int32? {
    if status != nil { return status }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
    status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    return status
  }

  /// A file without a name: unlike a pipe it never makes a writer wait for the reader.
  private static func nameless(_ content: String) throws(Failed) -> Int32 {
    var template = Array("/tmp/fluster-XXXXXX\0".utf8).map { CChar(bitPattern: $0) }
    let file = mkstemp(&template)
    guard file >= 0 else { throw Failed("mkstemp") }
    unlink(template)
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    _ = content.withCString { Glibc.write(file, $0, content.utf8.count) }
    lseek(file, 0, SEEK_SET)
    return file
  }

  private static func appending(to path: String) throws(Failed) -> Int32 {
    let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Failed("open \(path)") }
    return file
  }

  /// The path of a program, as a shell with that search path would find it.
  private static func find(_ name: String, _ path: String) throws(Failed) -> String {
    if name.contains("/") { return name }
    for directory in path.split(separator: ":") where access("\(directory)/\(name)", X_OK) == 0 {
      return "\(directory)/\(name)"
    }
    throw Failed("find \(name)", number: ENOENT)
  }

  private static func withVector<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

/// Runs a program to its end.
package func run(
  _ arguments: String..., environment: [String: String] = Processes.environment,
  directory: String? = nil, input: String = "", within seconds: Double = 60
) throws -> Finished {
  try Program(arguments, environment: environment, directory: directory, input: input)
    .finish(within: seconds)
}
