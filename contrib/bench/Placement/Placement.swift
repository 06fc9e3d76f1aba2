import FlusterCore
import Glibc

/// How long one placement decision takes in the core, by the number of pending jobs and of workers.
///
/// Every size has 1,000 distinct requirements, and more work than the workers can take. A decision
/// is what follows from one end: the pass that finds who is to have the room. Processor time of the
/// thread is measured, which neighbours hardly move.
@main
struct Placement {
  static let shapes: UInt64 = 1000
  static let decisions = 2000

  static func main() {
    print("pending  workers  p50 us  p99 us  end and decision, p50 us  submit, us")
    let chosen = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    if chosen.count == 2 { return measure(pending: chosen[0], workers: chosen[1]) }
    for pending in [10_000, 100_000, 1_000_000] { measure(pending: pending, workers: 1000) }
    for count in [10, 100] { measure(pending: 1_000_000, workers: count) }
  }

  static func measure(pending: Int, workers: Int) {
    var bench = Bench(workers: workers, pending: pending)
    let submit = column(bench.submitting.oneDecimal, 12)
    var passes: [Double] = []
    var whole: [Double] = []
    for _ in 0..<decisions {
      let start = Bench.processorMicroseconds()
      bench.endOne()
      let between = Bench.processorMicroseconds()
      bench.place()
      let end = Bench.processorMicroseconds()
      passes.append(end - between)
      whole.append(end - start)
    }
    let sizes = column(String(pending), 7) + column(String(workers), 9)
    let times = [passes.quantile(0.5), passes.quantile(0.99)].map { column($0.oneDecimal, 8) }
    print(sizes + times.joined() + column(whole.quantile(0.5).oneDecimal, 26) + submit)
    fflush(nil)
  }

  static func column(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }
}

/// A controller with its workers full and its queue long.
struct Bench {
  private var controller = Controller(restored: .empty, random: Random(seed: 1))
  private var random = Random(seed: 2)
  private var running: [OpenAttempt] = []
  private var requests: UInt64 = 0
  /// Microseconds for each submit.
  private(set) var submitting = 0.0
  private var now = Moment(
    monotonic: Instant(nanoseconds: 0), wall: WallTime(milliseconds: 1_000_000))

  init(workers: Int, pending: Int) {
    for number in 0..<workers {
      let record = WorkerRecord(
        id: WorkerID("w\(10_000 + number)"), owner: .root,
        incarnation: AttemptUID(high: 0, low: UInt64(number)), boot: "boot",
        capacity: Amounts(cpuMillis: 8000, memoryBytes: 64 << 30), lacks: [], software: "bench")
      _ = controller.step(.register(record, LinkID(UInt64(number) + 1)), at: now)
    }
    let (start, count) = (Self.processorMicroseconds(), pending + 8 * workers)
    for _ in 0..<count { submit() }
    submitting = (Self.processorMicroseconds() - start) / Double(count)
    place()
    // From here on the oldest that does not fit has its reservation, too.
    now = Moment(monotonic: now.monotonic + .seconds(60), wall: now.wall + .seconds(60))
    place()
  }

  private mutating func submit() {
    requests += 1
    var request = JobRequest(name: "bench", owner: UserID(1000))
    let shape = UInt64.random(in: 0..<Placement.shapes, using: &random)
    request.needs = Requirement(cpuMillis: 1000 + shape, memoryBytes: (1 << 30) + (shape << 20))
    let caller = Caller(uid: request.owner, isAdministrator: false)
    _ = controller.step(
      .submit(
        request, Payload(launch: [], environment: []), nil, from: caller, RequestID(requests)),
      at: now)
  }

  /// One of the running tasks succeeds.
  mutating func endOne() {
    let place = Int.random(in: 0..<running.count, using: &random)
    running.swapAt(place, running.count - 1)
    let attempt = running.removeLast()
    guard let link = controller.state.workers[attempt.worker]?.link else { return }
    let end = Observation(
      uid: attempt.uid, kind: .finished(Outcome(.exit, exitCode: 0)), at: now.wall)
    _ = controller.step(.observe(link, [end]), at: now)
  }

  /// One pass.
  mutating func place() {
    for case .assigned(let attempt) in controller.step(.schedule, at: now).events {
      running.append(attempt)
    }
  }

  /// Of this thread.
  static func processorMicroseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }
}

extension [Double] {
  func quantile(_ part: Double) -> Double { sorted()[Int(Double(count - 1) * part)] }
}

extension Double {
  var oneDecimal: String {
    let tenths = Int((self * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
