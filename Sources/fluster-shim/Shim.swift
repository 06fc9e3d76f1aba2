import CFluster
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

/// What the shim is given when it starts.
struct Surroundings {
  let instance: Places.Instance
  let settings: Settings
  let limits: Limits
  let logs: LogDirectory
  let files: AttemptFiles
  /// Nil: sessions, process groups and environments have to do.
  let groups: ControlGroups?
  /// The uid of the worker, besides root.
  let workerUID: UInt32
  let bootID: [UInt8]
  /// Whether the shim itself is favoured or marked when memory runs out; its jobs are not.
  let resetsOOMScore: Bool
  /// Whether the socket came from a service manager.
  let isListenerPassed: Bool
  /// Nil: nothing can take this process over.
  let successor: Successor?
}

/// The shim: the attempts it holds, and the one worker it serves. Everything happens on the main
/// thread, one handler at a time.
final class Shim {
  private static let newcomerLimit = 8
  private static let complaintsAMinute = 100

  let loop: EventLoop
  let logger: Logger
  let surroundings: Surroundings
  let owners: Owners
  var attempts: [[UInt8]: Attempt] = [:]
  /// The pids of leaders that are not reaped.
  var leaders: Set<Int32> = []
  /// The worker, once it has said hello.
  var link: WorkerLink?
  /// Connections that have not said hello yet. They replace nobody: a probe is no worker.
  var newcomers: [WorkerLink] = []
  /// The way of making processes that worked last.
  var method = Int32(FL_SPAWN_INTO_CGROUP.rawValue)
  /// What the worker does wrong, it may do without end.
  private var complaints = (since: Int64.min, count: 0)
  /// When everything ends, of CLOCK_BOOTTIME, unless the worker says something else before.
  var leaseEnd: Int64?
  var leaseTimer: FlusterSystemd.Timer?
  /// Ending everything, to exit.
  var isStopping = false
  /// Until when another program is to take this process over; nil: it is not.
  var successionLimit: Int64?
  var successionTimer: FlusterSystemd.Timer?
  private var listener: (descriptor: Descriptor, source: Source)?
  private var relisten: FlusterSystemd.Timer?
  private var alarm: FlusterSystemd.Timer?
  private var alarmTime = Int64.max

  /// A shim with nothing to hold yet.
  init(loop: EventLoop, logger: Logger, surroundings: Surroundings) {
    self.loop = loop
    self.logger = logger
    self.surroundings = surroundings
    owners = Owners(loop: loop)
  }

  /// Takes over what an earlier shim left, or this process itself, then serves workers at
  /// `listener`.
  func start(listener: Descriptor, inheriting handOver: ShimHandOver?) throws(SystemError) {
    alarm = try loop.timer { [self] in wake() }
    leaseTimer = try loop.timer(countsSuspension: true) { [self] in lapse() }
    try loop.onSignal(SIGCHLD) { [self] in reapStrangers() }
    try loop.onSignal(SIGTERM) { [self] in stop() }
    try loop.onSignal(SIGINT) { [self] in stop() }
    try loop.onSignal(SIGHUP) { [self] in beginSuccession() }
    successionTimer = try loop.timer { [self] in continueSuccession() }
    try takeOver(handOver)
    let source = try loop.watch(listener, for: .readable) { [self] _ in accept() }
    self.listener = (listener, source)
    relisten = try loop.timer { source.interest = .readable }
    Notify.ready(status: "holding \(attempts.count) attempts")
  }

  /// Does what is due of an attempt at `time` if nothing happens before.
  func wake(_ uid: [UInt8], at time: Int64) {
    attempts[uid]?.deadline = time
    guard time < alarmTime else { return }
    alarmTime = time
    alarm?.set(at: time)
  }

  /// Writes a line about what the worker does: some a minute, not thousands.
  func complain(_ line: @autoclosure () -> String) {
    let now = Clock.monotonicNanoseconds()
    if complaints.since == .min || now - complaints.since > 60_000_000_000 {
      complaints = (now, 0)
    }
    complaints.count += 1
    if complaints.count <= Self.complaintsAMinute { logger.warning("\(line())") }
  }

  /// The number of the socket's descriptor; -1 before it is there.
  var listenerNumber: Int32 { listener?.descriptor.raw ?? -1 }

  /// Tells the worker, if there is one.
  func tell(_ notice: ShimNotice, _ descriptors: [Descriptor] = []) {
    link?.send(notice, descriptors)
  }

  /// Reaps children that nobody knows: orphans of jobs. A leader is reaped by `finish` only.
  func reapStrangers() {
    var end = fl_end()
    while fl_peek(&end) == 0, end.pid > 0 {
      // The kernel names the same one again until it is reaped, so the rest has to wait.
      guard !isKnown(end.pid) else { return }
      fl_reap_process(end.pid, &end)
    }
  }

  /// Whether a child is a leader or looks groups up.
  func isKnown(_ pid: Int32) -> Bool {
    leaders.contains(pid) || owners.isSearching(pid)
  }

  /// Exits once the last attempt is over, if the shim is to.
  func exitIfDone() {
    guard isStopping, attempts.values.allSatisfy(\.isOver) else { return }
    loop.exit(0)
  }

  private func wake() {
    alarmTime = Int64.max
    let now = Clock.monotonicNanoseconds()
    let waiting = attempts.values.compactMap { attempt in
      attempt.deadline.map { (time: $0, uid: attempt.uid) }
    }
    for (time, uid) in waiting.sorted(by: { $0.time < $1.time }) {
      if time <= now {
        attempts[uid]?.deadline = nil
        due(uid)
      } else {
        wake(uid, at: time)
      }
    }
  }

  private func due(_ uid: [UInt8]) {
    guard let attempt = attempts[uid], !attempt.isOver else { return }
    if attempt.sweep == nil {
      logger.warning("\(attempt.label) did not reach its command in 30 s")
      attempts[uid]?.failure = StartFailure(
        reason: UInt8(FL_REASON_TIME.rawValue), errno: ETIMEDOUT)
    }
    sweep(uid)
  }

  /// Nothing of the attempts outlives the shim, which cannot be replaced while they run. They end
  /// as lost: that the shim was stopped is no fault of theirs.
  private func stop() {
    guard !isStopping else { return }
    isStopping = true
    Notify.stopping()
    let open = attempts.values.filter { !$0.isOver }
    if !open.isEmpty { logger.warning("stopping: \(open.count) attempts are ended") }
    for attempt in open {
      if attempt.death == nil { attempts[attempt.uid]?.isLost = true }
      end(attempt.uid)
    }
    exitIfDone()
  }

  private func accept() {
    do throws(SystemError) {
      guard let listener, let socket = try UnixSocket.accept(listener.descriptor) else { return }
      let peer = try PeerCredential.of(socket)
      guard peer.uid == 0 || peer.uid == surroundings.workerUID else {
        return logger.warning("refused a connection from uid \(peer.uid)")
      }
      if newcomers.count >= Self.newcomerLimit { newcomers.removeFirst().close() }
      newcomers.append(
        try WorkerLink(
          adopting: socket, loop: loop,
          onPacket: { [weak self] in self?.receive($1, $2, from: $0) },
          onFailure: { [weak self] in self?.failed($0, $1) }))
    } catch {
      logger.error("cannot take a connection: \(error)")
      // It would be ready again at once, and again, for want of a descriptor say.
      listener?.source.interest = []
      relisten?.set(at: Clock.monotonicNanoseconds() + 1_000_000_000)
    }
  }

  private func failed(_ failed: WorkerLink, _ error: ShimConnectionError) {
    let wasWorker = failed === link
    forget(failed)
    switch error {
    case .closed where wasWorker: logger.info("the worker is gone")
    case .closed: break
    case .system, .wire: logger.warning("dropped a worker: \(error)")
    }
  }

  /// Lets go of a connection.
  func forget(_ gone: WorkerLink) {
    gone.close()
    newcomers.removeAll { $0 === gone }
    if link === gone { link = nil }
  }
}

extension Attempt {
  /// How messages call it.
  var label: String { "attempt \(ShimSpawn.hexadecimal(uid))" }
}
