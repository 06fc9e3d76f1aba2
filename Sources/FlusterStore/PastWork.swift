package import FlusterCore

/// What went on in a stretch of time, added up from jobs and attempts: how much was held, what
/// started and ended, and for how long jobs had waited.
///
/// The stretch is cut into parts of equal length. An attempt costs the same however many parts it
/// lasts: what it adds to each whole part is noted where it begins and taken back where it ends.
package struct PastWork: Hashable, Sendable {
  /// The sums of one part.
  package struct Part: Hashable, Sendable {
    /// Processor time held, in milliseconds.
    package var cpuMilliseconds: UInt64 = 0
    package var memoryByteSeconds: UInt64 = 0
    package var attemptMilliseconds: UInt64 = 0
    /// Attempts that started in it.
    package var started: UInt32 = 0
    /// Attempts that ended in it, by what became of them.
    package var ended = StateCounts()
  }

  /// The lengths of waits that are told apart, in milliseconds: a wait is of the first class that
  /// it is below, or longer than all. Three to a power of ten, in numbers that clocks know.
  package static let waitClasses: [Int64] = [
    100, 300, 1000, 3000, 10_000, 30_000, 60_000, 180_000, 600_000, 1_800_000, 3_600_000,
    10_800_000, 36_000_000,
  ]

  /// What an attempt holds in a millisecond, or has held: sums of products that are beyond words of
  /// 64 bits where somebody lies about sizes.
  private struct Held: Hashable, Sendable {
    var cpu = 0.0
    var memory = 0.0
    var attempts = 0.0

    mutating func add(_ other: Held, times: Double) {
      cpu += other.cpu * times
      memory += other.memory * times
      attempts += other.attempts * times
    }
  }

  let from: Int64
  /// Milliseconds of a part.
  let width: Int64
  private let count: Int
  private var partly: [Held]
  /// Changes of what is held throughout a part.
  private var throughout: [Held]
  private var started: [UInt32]
  private var ended: [StateCounts]
  /// How many jobs waited so long, by `waitClasses`.
  package private(set) var waits: [UInt64]

  /// Nothing yet; the stretch lasts from `from` for `count` parts of `width`, which is not 0.
  package init(from: WallTime, width: Span, count: Int) {
    self.from = from.milliseconds
    self.width = Int64(clamping: max(width.milliseconds, 1))
    self.count = count
    partly = Array(repeating: Held(), count: count)
    throughout = Array(repeating: Held(), count: count + 1)
    started = Array(repeating: 0, count: count)
    ended = Array(repeating: StateCounts(), count: count)
    waits = Array(repeating: 0, count: Self.waitClasses.count + 1)
  }

  private var until: Int64 { from + width * Int64(count) }

  private func place(_ time: Int64) -> Int? {
    time >= from && time < until ? Int((time - from) / width) : nil
  }

  /// An attempt that ran from one time to another and held so much.
  mutating func addRun(from start: Int64, to end: Int64, cpuMillis: UInt64, memoryBytes: UInt64) {
    if let place = place(start) { started[place] += 1 }
    let (start, end) = (max(start, from), min(end, until))
    guard start < end else { return }
    let held = Held(cpu: Double(cpuMillis), memory: Double(memoryBytes), attempts: 1)
    let (first, last) = (Int((start - from) / width), Int((end - 1 - from) / width))
    guard first < last else { return partly[first].add(held, times: Double(end - start)) }
    partly[first].add(held, times: Double(from + width * Int64(first + 1) - start))
    partly[last].add(held, times: Double(end - from - width * Int64(last)))
    throughout[first + 1].add(held, times: 1)
    throughout[last].add(held, times: -1)
  }

  /// An attempt that ended.
  mutating func addEnd(at time: Int64, _ state: TaskState) {
    if let place = place(time) { ended[place][state] += 1 }
  }

  /// A job that first started.
  mutating func addStart(at time: Int64, submitted: Int64) {
    guard place(time) != nil else { return }
    let wait = time &- submitted
    waits[Self.waitClasses.firstIndex { wait < $0 } ?? Self.waitClasses.count] += 1
  }

  /// The parts, in order.
  package var parts: [Part] {
    var now = Held()
    return (0..<count).map { place in
      now.add(throughout[place], times: 1)
      var held = partly[place]
      held.add(now, times: Double(width))
      return Part(
        cpuMilliseconds: Self.word(held.cpu / 1000),
        memoryByteSeconds: Self.word(held.memory / 1000),
        attemptMilliseconds: Self.word(held.attempts), started: started[place],
        ended: ended[place])
    }
  }

  private static func word(_ sum: Double) -> UInt64 {
    UInt64(min(max(sum.rounded(), 0), 0x1p63))
  }
}
