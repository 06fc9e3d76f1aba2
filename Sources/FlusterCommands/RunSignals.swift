import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc
import Synchronization

/// Takes the signals that would end this process on a thread of its own, whatever the others wait
/// for, and has them reach the job.
///
/// Any thread.
final class RunSignals: Sendable {
  private struct State {
    /// Nil until the job is known to be stored.
    var job: UInt64?
    var first: UInt8?
    var count = 0
  }

  private let state = Mutex(State())
  private let instance: Instance
  private let isTied: Bool
  private let isRetried: Bool
  private let pipes: JobPipes
  private let voice: Voice

  /// Keeps INT, TERM, HUP and QUIT, but for those that the caller wants ignored, from ending this
  /// process: in this thread, and in all that it starts from now on.
  static func block() -> sigset_t {
    // A reader who goes shows in the write, so that the pipes are removed.
    signal(SIGPIPE, SIG_IGN)
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] where !isIgnored(number) {
      sigaddset(&set, number)
    }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    return set
  }

  /// From now on the signals `blocked` are taken.
  init(
    _ blocked: sigset_t, _ instance: Instance, isTied: Bool, isRetried: Bool, _ pipes: JobPipes,
    _ voice: Voice
  ) {
    self.instance = instance
    self.isTied = isTied
    self.isRetried = isRetried
    self.pipes = pipes
    self.voice = voice
    Background.run { [self] in
      var set = blocked
      var number: Int32 = 0
      while sigwait(&set, &number) == 0 { take(UInt8(number)) }
    }
  }

  /// The job that they are for.
  func watch(_ job: UInt64) { state.withLock { $0.job = job } }

  /// The first signal that came.
  var first: UInt8? { state.withLock(\.first) }

  private func take(_ number: UInt8) {
    let (job, count) = state.withLock { state in
      state.first = state.first ?? number
      state.count += 1
      return (state.job, state.count)
    }
    guard let job, isTied else {
      if let job {
        voice.say(
          "job \(job) runs on; fluster-log -f \(job) follows it, fluster-wait \(job) waits for it")
      }
      leave(number)
    }
    do throws(Failure) {
      if isRetried && count == 1 {
        // The next attempt would know nothing of a signal.
        try end(job)
      } else {
        try end(job, in: [.pending, .assigned, .building])
        try send(count == 1 ? number : UInt8(SIGKILL), to: job)
      }
    } catch {
      voice.complain(error)
      if count > 1 { leave(number) }
    }
  }

  private func end(_ job: UInt64, in states: [TaskState] = []) throws(Failure) {
    var kill = WireKill()
    kill.states = states.map(WireState.init)
    try ask(&kill, job)
  }

  private func send(_ number: UInt8, to job: UInt64) throws(Failure) {
    var kill = WireKill()
    kill.signal = UInt32(number)
    try ask(&kill, job)
  }

  private func ask(_ kill: inout WireKill, _ job: UInt64) throws(Failure) {
    kill.selectors = [.job(job)]
    let request = kill
    var session = Session(with: instance, voice: voice, isKnown: true)
    _ = try session.persist(patience: .seconds(2)) { (connection, _) throws(CallError) in
      try connection.call(.kill(request))
    }
  }

  /// Ends this process; a job that is tied ends for that reason.
  private func leave(_ number: UInt8) -> Never {
    pipes.remove()
    exit(128 + Int32(number))
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
