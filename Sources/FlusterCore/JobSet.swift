/// A set of jobs that were submitted one after the other: a bit for each, in words of neighbours.
/// A set of their ids takes up to 24 bytes a job, and hashes each of them.
struct JobSet: Sendable {
  private static let wordSize: UInt64 = 64

  /// By the first id over the size; none is 0.
  private var words: [UInt64: UInt64] = [:]

  /// No jobs.
  init() {}

  /// Whether the job is one of them.
  func contains(_ job: JobID) -> Bool {
    words[job.number / Self.wordSize, default: 0] & Self.bit(of: job) != 0
  }

  /// Adds the job; false if it was there.
  mutating func insert(_ job: JobID) -> Bool {
    let bit = Self.bit(of: job)
    let before = words[job.number / Self.wordSize, default: 0]
    guard before & bit == 0 else { return false }
    words[job.number / Self.wordSize] = before | bit
    return true
  }

  /// Takes the job away, if it is there.
  mutating func remove(_ job: JobID) {
    let bit = Self.bit(of: job)
    guard let before = words[job.number / Self.wordSize], before & bit != 0 else { return }
    words[job.number / Self.wordSize] = before == bit ? nil : before ^ bit
  }

  private static func bit(of job: JobID) -> UInt64 { 1 << (job.number % wordSize) }
}
