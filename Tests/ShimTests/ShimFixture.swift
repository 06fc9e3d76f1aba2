import FlusterSystem
import Glibc
import Testing

/// A real fluster-shim in a directory of its own, and a worker's end of its socket. Both go when
/// the fixture does.
final class ShimFixture {
  let directory: String
  private let arguments: [String]
  /// What the shim is started by, if not directly.
  private let wrapper: [String]
  private let program: String
  private(set) var pid: Int32 = 0

  /// Starts a shim. In `directory` are `shim.sock`, `state` and `log`.
  ///
  /// Of `program` if it is not the one that was built.
  init(_ arguments: [String] = [], wrapper: [String] = [], program: String? = nil) throws {
    var template = Array("/tmp/fluster-shim-test.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory") }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    chmod(directory, 0o755)
    self.arguments = arguments
    self.wrapper = wrapper
    self.program = try program ?? binary("fluster-shim")
    try start()
  }

  deinit {
    stop()
    run("rm", "-rf", directory)
  }

  var socket: String { "\(directory)/shim.sock" }
  var state: String { "\(directory)/state" }
  var logs: String { "\(directory)/log" }

  /// Starts the shim again after it has ended.
  func start() throws {
    mkdir(logs, 0o755)
    pid = try launch(
      wrapper + [program] + arguments
        + ["--listen", socket, "--state", state, "--log-directory", logs])
    let socket = socket
    try eventually("the shim to listen") {
      guard let end = try? UnixSocket.connect(to: socket, kind: .seqpacket) else { return false }
      _ = end
      return true
    }
  }

  /// Ends the shim as an administrator would, and everything it holds; its exit status.
  @discardableResult
  func stop() -> Int32 { signal(SIGTERM) }

  /// Sends a signal to the shim and waits for its end; its wait status.
  @discardableResult
  func signal(_ number: Int32) -> Int32 {
    guard pid > 0 else { return 0 }
    var status: Int32 = 0
    kill(pid, number)
    waitpid(pid, &status, 0)
    pid = 0
    return status
  }

  /// Waits for the shim to exit by itself; its wait status.
  func exited() throws -> Int32 {
    var status: Int32 = 0
    let pid = pid
    try eventually("the shim to exit") { waitpid(pid, &status, WNOHANG) == pid }
    self.pid = 0
    return status
  }

  /// Connects and says hello.
  func connect() throws -> ShimConnection {
    let connection = try ShimConnection.connect(socket)
    try connection.ask(.hello(version: ShimWire.version))
    guard case .hello = try connection.next().0 else { throw Unexpected("no hello") }
    return connection
  }

  /// A job that runs `argv` with a plain environment and no output.
  func job(_ argv: String...) -> ShimSpawn {
    var spawn = ShimSpawn(
      uid: Entropy.bytes(16), owner: geteuid(), argv: argv.map { Array($0.utf8) },
      environment: [Array("PATH=/usr/bin:/bin".utf8)], directory: Array(directory.utf8))
    spawn.tag = Entropy.bytes(16)
    spawn.output = .discard
    return spawn
  }

  /// A job that runs a shell script.
  func script(_ text: String) -> ShimSpawn {
    var spawn = job("sh", "-c", text)
    spawn.output = .path(Array("\(directory)/out".utf8))
    return spawn
  }

  /// What the scripts wrote.
  var output: String { contents("\(directory)/out") }
}

/// Something came that should not have.
struct Unexpected: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

extension ShimConnection {
  /// Sends a request, waiting for room.
  func ask(_ request: ShimRequest) throws {
    while try !send(request) { try wait(POLLOUT) }
  }

  /// The next notice within ten seconds.
  func next() throws -> (ShimNotice, [Descriptor]) {
    while true {
      if let notice = try receive() { return notice }
      try wait(POLLIN)
    }
  }

  /// The first notice for which `match` gives something; others are dropped.
  func first<Found>(_ match: (ShimNotice, [Descriptor]) -> Found?) throws -> Found {
    while true {
      let (notice, descriptors) = try next()
      if let found = match(notice, descriptors) { return found }
    }
  }

  /// Waits for the end of an attempt.
  func end(of uid: [UInt8]) throws -> ShimRecord {
    try first { notice, _ in
      if case .ended(uid, _, let record) = notice { record } else { nil }
    }
  }

  /// Waits for an attempt's command to run.
  func start(of uid: [UInt8]) throws -> (ShimStarted, Descriptor) {
    try first { notice, descriptors in
      guard case .started(let started) = notice, started.uid == uid else { return nil }
      return descriptors.first.map { (started, $0) }
    }
  }

  /// Starts a job and waits for its end.
  func run(_ spawn: ShimSpawn) throws -> ShimRecord {
    try ask(.spawn(spawn))
    return try end(of: spawn.uid)
  }

  /// Starts a job that cannot start; the reason and the errno.
  func refusal(_ spawn: ShimSpawn) throws -> [Int32] {
    try ask(.spawn(spawn))
    return try first { notice, _ in
      if case .notStarted(spawn.uid, spawn.tag, let reason, let errno) = notice {
        [Int32(reason), errno]
      } else {
        nil
      }
    }
  }

  /// Everything a list says.
  func list() throws -> [ShimNotice] {
    try ask(.list)
    var notices: [ShimNotice] = []
    while true {
      let notice = try next().0
      if notice == .listEnd { return notices }
      notices.append(notice)
    }
  }

  private func wait(_ events: Int32) throws {
    var ready = pollfd(fd: descriptor.raw, events: Int16(events), revents: 0)
    guard poll(&ready, 1, 10_000) > 0 else { throw Unexpected("the shim says nothing for 10 s") }
  }
}

/// Waits for a condition, at most ten seconds.
func eventually(_ what: String, _ isMet: () -> Bool) throws {
  let end = Clock.monotonicNanoseconds() + 10_000_000_000
  while !isMet() {
    guard Clock.monotonicNanoseconds() < end else { throw Unexpected("waited 10 s for \(what)") }
    poll(nil, 0, 2)
  }
}

/// The built program beside this test.
func binary(_ name: String) throws -> String {
  let path = "\(Files.parent(of: try Files.realpath("/proc/self/exe")))/\(name)"
  guard Files.exists(path) else { throw Unexpected("\(path) is not built") }
  return path
}

/// Starts a program; its pid, to be waited for.
func launch(_ argv: [String]) throws -> Int32 {
  var pid: Int32 = 0
  var arguments: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) } + [nil]
  defer { for argument in arguments { free(argument) } }
  let failure = posix_spawnp(&pid, argv[0], nil, nil, &arguments, environ)
  guard failure == 0 else { throw SystemError(call: "start \(argv[0])", errno: failure) }
  return pid
}

/// Runs a program to its end; its exit status.
@discardableResult
func run(_ argv: String...) -> Int32 {
  guard let pid = try? launch(argv) else { return 127 }
  var status: Int32 = 0
  waitpid(pid, &status, 0)
  return status >> 8
}

/// A file as text; empty if there is none.
func contents(_ path: String) -> String {
  String(decoding: (try? Files.read(path, limit: 1 << 20)) ?? [], as: UTF8.self)
}

/// Whether a process exists that has not ended.
func isAlive(_ pid: Int32) -> Bool {
  guard let stat = contents("/proc/\(pid)/stat").split(separator: ")").last else { return false }
  return !stat.hasPrefix(" Z")
}
