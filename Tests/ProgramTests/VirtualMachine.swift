import FlusterSystem
import FlusterTesting
import Glibc

/// A virtual machine that systemd has booted, with all of cgroup v2 and a kernel of its own, and
/// with the installation of `BootedSystem`. Its processor is emulated, so deadlines are long.
final class VirtualMachine {
  typealias User = BootedSystem.User

  private static let script = "\(BootedSystem.root)/contrib/boot-vm"
  private static let environment = Processes.environment.filter {
    ["PATH", "HOME", "XDG_CACHE_HOME", "FLUSTER_VM_CACHE", "CI"].contains($0.key)
  }

  private let program: Program
  private let process: Int32
  private let console: Descriptor
  private let directory: TemporaryDirectory
  /// What was written to /dev/ttyS2 in it.
  private let serial: String
  /// What the console has said and nobody has asked for yet.
  private var unread: [UInt8] = []

  /// Why there can be no such machine here; nil: there can.
  static func obstacle() throws -> String? {
    let prepared = try Program([script, "--prepare"], environment: environment)
      .finish(within: 300)
    return prepared.status == 0 ? nil : prepared.errors.trimmed
  }

  /// Boots one with these settings for fluster.conf; an ext4 file system in `disk` has the state.
  init(settings: String = "", disk: String? = nil) throws {
    directory = try TemporaryDirectory()
    let path = directory.path
    serial = "\(path)/serial"
    var options = try BootedSystem.installation(settings: settings, in: path)
    if let disk { options += ["--disk", "\(disk):/var/lib/fluster"] }
    var environment = Self.environment
    environment["TMPDIR"] = path
    program = try Program(
      [Self.script] + options + [
        "--serial", serial, "sh", "-c", "echo $VM_PID $VM_CONSOLE; exec sleep infinity",
      ], environment: environment)
    var words: [String] = []
    try eventually("the virtual machine has a console", within: 60) { [program] in
      guard program.isRunning else { throw TimedOut(what: "\(try program.finish())") }
      words = program.outputSoFar.trimmed.split(separator: " ").map(String.init)
      return words.count == 2 && program.outputSoFar.hasSuffix("\n")
    }
    process = Int32(words[0]) ?? 0
    console = try UnixSocket.connect(to: words[1], kind: .stream)
    guard try nextLine(by: Deadline(seconds: 240)) == "ready" else {
      throw TimedOut(what: "a booted machine")
    }
  }

  /// Runs a line of shell in it, as root or one of its users.
  func run(_ line: String, as user: User = .root, within seconds: Double = 120) throws -> Finished {
    // One line for bash, whatever is in it.
    let quoted = line.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
      .replacing("\n", with: "\\n")
    let become = "setpriv --reuid \(user) --regid \(user) --init-groups "
    let command = "\(user == .root ? "" : become)sh -c $'\(quoted)'\n"
    let bytes = Array(command.utf8)
    guard write(console.raw, bytes, bytes.count) == bytes.count else {
      throw Failed("write to the console")
    }
    let deadline = Deadline(seconds: seconds)
    let head = try nextLine(by: deadline).split(separator: " ").compactMap { Int($0) }
    guard head.count == 3 else { throw Failed("understand the console", number: EBADMSG) }
    let text = try nextBytes(head[1] + head[2], by: deadline)
    return Finished(
      status: Int32(head[0]), output: String(decoding: text.prefix(head[1]), as: UTF8.self),
      errors: String(decoding: text.dropFirst(head[1]), as: UTF8.self))
  }

  /// Runs a line that must succeed; what it printed, without the end of the line.
  @discardableResult
  func succeed(_ line: String, as user: User = .root) throws -> String {
    let finished = try run(line, as: user)
    guard finished.status == 0 else { throw Unexpected(line: line, finished: finished) }
    return finished.output.trimmed
  }

  /// The lines that have been written to /dev/ttyS2 as a whole.
  var serialLines: [String] {
    let all = (try? text(at: serial)) ?? ""
    return all.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .map { $0.filter { $0 != "\r" } }
  }

  /// Cuts its power; the lines that it had written to /dev/ttyS2 as a whole.
  func cut() throws -> [String] {
    kill(process, SIGKILL)
    let lines = serialLines
    try finish()
    return lines
  }

  /// Takes it down.
  func finish() throws {
    program.signal(SIGTERM)
    _ = try program.finish()
    directory.remove()
  }

  /// The next line on the console.
  private func nextLine(by deadline: Deadline) throws -> String {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread.removeSubrange(...end) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      try readMore(by: deadline)
    }
  }

  private func nextBytes(_ count: Int, by deadline: Deadline) throws -> [UInt8] {
    while unread.count < count { try readMore(by: deadline) }
    defer { unread.removeFirst(count) }
    return Array(unread.prefix(count))
  }

  private func readMore(by deadline: Deadline) throws {
    guard !deadline.hasPassed else { throw TimedOut(what: "an answer of the virtual machine") }
    var ready = pollfd(fd: console.raw, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, 100) == 1 else { return }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(console.raw, &buffer, buffer.count)
    guard count > 0 else { throw Failed("read the console", number: EPIPE) }
    unread += buffer[..<count]
  }
}

/// A line of shell in a virtual machine ended as it should not have.
struct Unexpected: Error, CustomStringConvertible {
  let line: String
  let finished: Finished

  var description: String { "\(line): \(finished)" }
}
