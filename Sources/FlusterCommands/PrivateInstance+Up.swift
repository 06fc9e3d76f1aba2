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
    var children: [StartedDaemon] = []
    var units: [PrivateDaemon] = []
    do throws(Failure) {
      try startMissing(&children, &units)
      try awaitWorker(children)
    } catch {
      // What was started just now holds no jobs of anybody.
      for child in children { child.end() }
      try manager?.stop(units)
      throw error
    }
    let names =
      children.map { "\($0.daemon.rawValue) (\($0.child.pid))" } + units.map(\.unit)
    voice.notice(
      names.isEmpty
        ? "already up at \(instance.path)"
        : "started \(names.joined(separator: ", ")); listening at \(instance.path)")
    if !units.isEmpty, !lingers {
      voice.notice("units and jobs end with your last session; loginctl enable-linger prevents it")
    }
  }

  private func startMissing(
    _ children: inout [StartedDaemon], _ units: inout [PrivateDaemon]
  ) throws(Failure) {
    for daemon in PrivateDaemon.allCases where try isMissing(daemon) {
      guard let path = Successor.find(daemon.rawValue) else {
        throw Failure(
          .notFound, "cannot find \(daemon.rawValue) beside fluster or in PATH",
          wayOut: "install all programs of fluster into one directory")
      }
      if let manager {
        guard try awaitTurn(of: daemon, manager) else { continue }
        try manager.start(daemon, path)
        units.append(daemon)
      } else {
        let lock = daemon == .worker ? try lock(workerLock, waits: false) : nil
        children.append(
          try StartedDaemon(
            daemon, path, environment: PrivateInstance.environment(places), log: openLog(),
            keeping: lock))
      }
    }
  }

  private func isMissing(_ daemon: PrivateDaemon) throws(Failure) -> Bool {
    switch daemon {
    case .controller: return try status() == nil
    case .shim: return !shimListens
    case .worker:
      guard try lock(workerLock, waits: false) != nil else { return false }
      return try manager?.isFree(daemon) ?? true
    }
  }

  /// Waits while the unit of a daemon is about to start or to stop; false if it is no longer
  /// missing then.
  private func awaitTurn(
    of daemon: PrivateDaemon, _ manager: UserSystemd
  ) throws(Failure) -> Bool {
    let deadline = Pause.now + PrivateInstance.patience
    var pause = GrowingPause(most: Span(milliseconds: 200))
    while try !manager.isFree(daemon) {
      guard Pause.now < deadline else {
        throw Failure(
          .tryAgain, "\(daemon.unit) is there, and does not answer",
          wayOut: "systemctl --user stop \(daemon.unit) ends it, and what it runs")
      }
      Pause.until(Pause.now + pause.take())
      guard try isMissing(daemon) else { return false }
    }
    return true
  }

  /// Whether the caller's service manager outlives the caller's sessions.
  private var lingers: Bool {
    var names = UserNames()
    return Files.exists("/var/lib/systemd/linger/\(names.name(of: geteuid()))")
  }

  /// Asks until a worker is there, waking at once if something that was started has ended.
  private func awaitWorker(_ started: [StartedDaemon]) throws(Failure) {
    let deadline = Pause.now + PrivateInstance.patience
    var pause = GrowingPause(most: Span(milliseconds: 200))
    while true {
      if let found = try status(), found.status.workers.contains(where: \.connected) { return }
      for daemon in started where daemon.child.hasEnded {
        throw failure(
          "\(daemon.daemon.rawValue) ended as soon as it was started", since: daemon.logStart)
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
    guard manager == nil else { return Failure(.unreachable, message, wayOut: wayOut) }
    let text = (try? Files.read(daemonLog, limit: 1 << 30)) ?? []
    let new = text.dropFirst(Int(clamping: start ?? Int64(text.count)))
    let lines = String(decoding: new, as: UTF8.self).split(separator: "\n").suffix(10)
    for line in lines { voice.say("daemon.log: \(line)") }
    return Failure(.unreachable, message, wayOut: wayOut)
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
