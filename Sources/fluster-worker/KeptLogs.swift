import FlusterCore
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

/// The logs of running attempts, as the shim handed them over, and the old ones in the directory.
final class KeptLogs {
  /// Between two looks at the logs.
  private static let interval: Int64 = 1_000_000_000
  private static let day: Int64 = 86_400_000_000_000
  /// What a log may occupy if nobody said.
  private static let usualLimit: UInt64 = 100 << 20
  /// What it may occupy while the disk is nearly full.
  private static let scarceLimit: UInt64 = 1 << 20

  private struct Log {
    var output: Descriptor?
    var errors: Descriptor?
    /// Nil: not known yet, and then nothing may be cut out of it.
    var limit: UInt64?
  }

  let directory: String
  private let log: Logger
  private var open: [[UInt8]: Log] = [:]
  private var timer: Timer?
  private var isWatching = false
  /// The disk is nearly full.
  var isScarce = false
  /// Called before each look.
  var onLook: () -> Void = {}
  private var pruned: Int64?
  private var hasComplained = false

  init(loop: EventLoop, directory: String, log: Logger) throws(SystemError) {
    self.directory = directory
    self.log = log
    timer = try loop.timer { [unowned self] in look() }
  }

  /// Takes over a log, open for reading and writing.
  func keep(_ file: Descriptor, _ uid: [UInt8], errors: Bool, limit: UInt64?) {
    var entry = open[uid] ?? Log(limit: limit)
    if errors { entry.errors = file } else { entry.output = file }
    open[uid] = entry
  }

  /// The attempt's logs may occupy so many bytes each; 0 is the usual.
  func limit(_ uid: [UInt8], to limit: UInt64) {
    open[uid]?.limit = limit == 0 ? Self.usualLimit : limit
  }

  /// The attempt is over: a last look, and the descriptors go.
  func close(_ uid: [UInt8]) {
    guard let entry = open.removeValue(forKey: uid) else { return }
    enforce(entry)
  }

  /// A log that is being written.
  func file(of uid: [UInt8], errors: Bool) -> Descriptor? {
    errors ? open[uid]?.errors : open[uid]?.output
  }

  /// Looks at the logs once a second, for as long as there are any.
  func watch() {
    guard isWatching != !open.isEmpty else { return }
    isWatching = !open.isEmpty
    if isWatching {
      timer?.set(at: Clock.monotonicNanoseconds() + Self.interval)
    } else {
      timer?.disarm()
    }
  }

  private func look() {
    onLook()
    for entry in open.values { enforce(entry) }
    isWatching = false
    watch()
  }

  private func enforce(_ entry: Log) {
    let usual = entry.limit == 0 ? Self.usualLimit : entry.limit
    guard let limit = isScarce ? min(usual ?? .max, Self.scarceLimit) : usual else { return }
    for case let file? in [entry.output, entry.errors] {
      do throws(SystemError) {
        try LogCap(limit: limit).enforce(on: file)
      } catch {
        if !hasComplained { log.warning("logs cannot be kept within their limit: \(error)") }
        hasComplained = true
      }
    }
  }

  /// The last pruning was a day ago, or never. Asked when an attempt ends, not by a timer: without
  /// ends there is nothing new to prune.
  var wantsPruning: Bool {
    pruned.map { Clock.monotonicNanoseconds() - $0 > Self.day } ?? true
  }

  /// Removes what nobody has written to for so many milliseconds, on another thread. Nothing of an
  /// attempt in `sparing` is touched.
  func prune(olderThan age: UInt64, sparing: Set<AttemptUID>) {
    pruned = Clock.monotonicNanoseconds()
    let directory = directory
    let spared = Set(sparing.map(\.description))
    let oldest = Clock.wallMilliseconds() - Int64(clamping: age)
    Background.run { LogPruning(directory: directory, oldest: oldest, spared: spared).run() }
  }
}
