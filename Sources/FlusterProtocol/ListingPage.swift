package import FlusterCore
import SwiftProtobuf

/// The rows of one frame of a listing, each serialised when it is added.
///
/// As one message, a page is measured four times over before its first byte is written, and each
/// of its rows is an object that is made and taken apart again. Jobs of which there is nothing
/// uncommon to tell, nearly all of a long listing, are written field by field as `WireJobRow` is.
package struct ListingPage: Sendable {
  /// The field numbers that are written here, of `JobRow` where nothing else is said.
  private enum Field {
    static let job: UInt8 = 1
    static let name: UInt8 = 2
    static let uid: UInt8 = 3
    static let state: UInt8 = 4
    static let submitted: UInt8 = 5
    static let started: UInt8 = 6
    static let ended: UInt8 = 7
    static let array: UInt8 = 8
    static let needs: UInt8 = 9
    static let counts: UInt8 = 10
    static let held: UInt8 = 11
    static let reason: UInt8 = 12
    static let timeLimit: UInt8 = 13
    static let grace: UInt8 = 14
    static let retries: UInt8 = 15
    static let retriesLost: UInt8 = 16
    static let root: UInt8 = 25
    static let path: UInt8 = 26
    static let endChildren: UInt8 = 27
    /// Of `Listing`.
    static let jobs: UInt8 = 1
    static let tasks: UInt8 = 2
    /// Of `Envelope`.
    static let request: UInt8 = 1
    static let listing: UInt8 = 13
  }

  private var rows = WireBytes()
  private var failure: FrameError?
  /// How many rows it has.
  package private(set) var count = 0

  /// No rows.
  package init() {}

  /// Adds the row of a job.
  package mutating func append(_ row: WireJobRow) { append(row, as: Field.jobs) }

  /// Adds the row of a task.
  package mutating func append(_ row: WireTaskRow) { append(row, as: Field.tasks) }

  private mutating func append(_ row: some Message, as field: UInt8) {
    do {
      rows.put(field, bytes: try row.serializedBytes() as [UInt8])
      count += 1
    } catch {
      failure = .tooLong(announced: Int(Int32.max), limit: Frame.limit)
    }
  }

  /// Adds the row of an unfinished job of which nothing is open and that asks for nothing uncommon;
  /// does nothing and gives false for any other.
  package mutating func append(plain job: Job, because reason: PendingReason?) -> Bool {
    let (request, progress) = (job.request, job.progress)
    guard !request.hasOptions, request.backoff == .standard, case .root = job.descent,
      request.needs.named.isEmpty, request.needs.constraints.isEmpty, progress.killed == nil,
      progress.counts.active == 0
    else { return false }
    rows.message(Field.jobs) { row in
      row.put(Field.job, job.id.number)
      row.put(Field.name, text: request.name)
      row.put(Field.uid, UInt64(request.owner.number))
      row.put(Field.state, UInt64(progress.state.rawValue))
      row.put(Field.submitted, UInt64(bitPattern: job.submitted.milliseconds))
      row.put(Field.started, optional: progress.started.map { UInt64(bitPattern: $0.milliseconds) })
      row.put(Field.ended, optional: progress.ended.map { UInt64(bitPattern: $0.milliseconds) })
      row.message(Field.array) { Self.put(request.array, into: &$0) }
      row.message(Field.needs) { needs in
        needs.put(1, request.needs.cpuMillis)
        needs.put(2, optional: request.needs.memoryBytes)
      }
      Self.put(progress.counts, into: &row)
      row.put(Field.held, progress.held ? 1 : 0)
      if let reason {
        row.message(Field.reason) { wire in
          wire.put(1, text: reason.code.rawValue)
          wire.put(2, text: reason.text)
        }
      }
      row.put(Field.timeLimit, optional: request.timeLimit?.milliseconds)
      row.put(Field.grace, request.grace.milliseconds)
      row.put(Field.retries, UInt64(request.retries))
      row.put(Field.retriesLost, UInt64(request.retriesLost))
      row.put(Field.root, job.id.number)
      row.put(Field.path, text: request.name)
      row.put(Field.endChildren, request.endChildren ? 1 : 0)
    }
    count += 1
    return true
  }

  private static func put(_ array: TaskArray, into wire: inout WireBytes) {
    wire.put(1, UInt64(array.first))
    wire.put(2, UInt64(array.step))
    wire.put(3, UInt64(array.count))
    wire.put(4, optional: array.throttle.map { UInt64($0) })
    wire.put(5, array.isExplicit ? 1 : 0)
  }

  private static func put(_ counts: StateCounts, into row: inout WireBytes) {
    for state in TaskState.allCases where counts[state] > 0 {
      row.message(Field.counts) { count in
        count.put(1, UInt64(state.rawValue))
        count.put(2, UInt64(counts[state]))
      }
    }
  }

  /// The frame that answers a request with these rows.
  ///
  /// Throws `FrameError.tooLong` for what the other side would refuse.
  package func frame(request: UInt64) throws(FrameError) -> [UInt8] {
    if let failure { throw failure }
    var envelope = WireBytes(capacity: rows.bytes.count + 32)
    envelope.put(Field.request, request)
    envelope.put(Field.listing, bytes: rows.bytes)
    let count = envelope.bytes.count
    guard count <= Frame.limit else { throw .tooLong(announced: count, limit: Frame.limit) }
    return (0..<Frame.headerLength).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
      + envelope.bytes
  }
}
