import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

extension PrivateInstance {
  /// Starts what is missing, and returns when a worker is registered.
  mutating func up() throws(Failure) {
    do {
      try places.prepareRuntime()
    } catch {
      throw PrivateInstance.failure(error)
    }
    // Two at once must not start two of each.
    let turn = try lock("\(places.runtime)/up.lock", waits: true)
    defer { withExtendedLifetime(turn) {} }
    var started: [StartedDaemon] = []
    do throws(Failure) {
      try startMissing(&started)
      try awaitWorker(started)
    } catch {
      // What was started just now holds no jobs of anybody.
      for daemon in started { daemon.end() }
      throw error
    }
    let names = started.map { "\($0.name) (\($0.pid))" }
    voice.notice(
      names.isEmpty
        ? "already up at \(instance.path)"
        : "started \(names.joined(separator: ", ")); listening at \(instance.path)")
  }

  private func startMissing(_ started: inout [StartedDaemon]) throws(Failure) {
    let log = try openLog()
    if try status() == nil {
      started.append(try StartedDaemon("flusterd", log: log, keeping: nil))
    }
    if !shimListens {
      started.append(try StartedDaemon("fluster-shim", log: log, keeping: nil))
    }
    if let lock = try lock(workerLock, waits: false) {
      started.append(try StartedDaemon("fluster-worker", log: log, keeping: lock))
    }
  }

  /// Asks until a worker is there, waking at once if something that was started has ended.
  private func awaitWorker(_ started: [StartedDaemon]) throws(Failure) {
    let deadline = Pause.now + PrivateInstance.patience
    var pause = GrowingPause(most: Span(milliseconds: 200))
    while true {
      if let found = try status(), found.status.workers.contains(where: \.connected) { return }
      for daemon in started where daemon.hasEnded {
        throw failure("\(daemon.name) ended as soon as it was started", since: daemon.logStart)
      }
      guard Pause.now < deadline else {
        let start = started.first?.logStart
        throw failure("no worker has registered within 10s", since: start)
      }
      var interests = started.map { pollfd(fd: $0.process.raw, events: Int16(POLLIN), revents: 0) }
      _ = Pause.poll(&interests, until: Pause.now + pause.take())
    }
  }

  /// A failure to start, with what the daemons said of it since they were started.
  private func failure(_ message: String, since start: Int64?) -> Failure {
    let text = (try? Files.read(daemonLog, limit: 1 << 30)) ?? []
    let new = text.dropFirst(Int(clamping: start ?? Int64(text.count)))
    let lines = String(decoding: new, as: UTF8.self).split(separator: "\n").suffix(10)
    for line in lines { voice.say("daemon.log: \(line)") }
    return Failure(.unreachable, message, wayOut: "see \(daemonLog)")
  }

  private func openLog() throws(Failure) -> Descriptor {
    let raw = open(daemonLog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0o600)
    guard raw >= 0 else {
      throw Failure(.data, "cannot open \(daemonLog): \(SystemError.reason(errno))")
    }
    return Descriptor(adopting: raw)
  }

  /// The lock file, locked; nil if somebody else holds the lock.
  private func lock(_ path: String, waits: Bool) throws(Failure) -> Descriptor? {
    let raw = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard raw >= 0 else {
      throw Failure(.data, "cannot open \(path): \(SystemError.reason(errno))")
    }
    let file = Descriptor(adopting: raw)
    while flock(raw, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return nil }
      guard errno == EINTR else {
        throw Failure(.data, "cannot lock \(path): \(SystemError.reason(errno))")
      }
    }
    return file
  }
}
