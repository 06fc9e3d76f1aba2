import FlusterClient
import FlusterSystem
import Glibc
import Synchronization

/// A few threads that ask flusterd and work out answers, so that the loop waits for nobody.
///
/// May be used from any thread; what comes out is taken by the loop's.
final class Askers: Sendable {
  /// What becomes of a question.
  enum Result: Sendable {
    case response(Response)
    /// A page to be kept up to date.
    case page(RenderedPage)
    /// A log to be followed.
    case log(OpenLog)
    case failed(Failure)
  }

  /// Something to be worked out. Small ones for many readers must not hold up a visitor.
  enum Urgency {
    /// A visitor waits.
    case now
    /// Pages that changed.
    case soon
  }

  typealias Work = @Sendable (inout Asker) -> Result

  private struct Contents {
    var urgent: [(ticket: UInt64, work: Work)] = []
    var later: [(ticket: UInt64, work: Work)] = []
    var laterRunning = 0
    var done: [(ticket: UInt64, result: Result)] = []
    var last: UInt64 = 0

    mutating func next() -> (ticket: UInt64, work: Work, isLater: Bool)? {
      if !urgent.isEmpty {
        let (ticket, work) = urgent.removeFirst()
        return (ticket, work, false)
      }
      guard !later.isEmpty, laterRunning < Askers.threads - 1 else { return nil }
      laterRunning += 1
      let (ticket, work) = later.removeFirst()
      return (ticket, work, true)
    }
  }

  private static let threads = 4
  /// Questions that may wait at once; who comes then is told to try again.
  private static let most = 1024

  private let contents = Mutex(Contents())
  private let work: Wakeup
  /// Readable when there are results to be taken.
  let finished: Wakeup

  /// Threads with an asker each, and so with a connection of its own.
  init(_ instance: Instance, user: UInt32?) throws(SystemError) {
    work = try Wakeup()
    finished = try Wakeup()
    for _ in 0..<Self.threads {
      Background.run { [self] in run(Asker(instance, user: user)) }
    }
  }

  /// Puts a question; returns the ticket by which its result will be known, or nil if too many
  /// wait.
  func ask(_ urgency: Urgency, _ body: @escaping Work) -> UInt64? {
    let ticket = contents.withLock { contents -> UInt64? in
      guard contents.urgent.count + contents.later.count < Self.most else { return nil }
      contents.last += 1
      switch urgency {
      case .now: contents.urgent.append((contents.last, body))
      case .soon: contents.later.append((contents.last, body))
      }
      return contents.last
    }
    work.signal()
    return ticket
  }

  /// What has been worked out since the last time.
  func take() -> [(ticket: UInt64, result: Result)] {
    finished.drain()
    return contents.withLock { contents in
      defer { contents.done = [] }
      return contents.done
    }
  }

  private func run(_ asker: consuming Asker) {
    while true {
      guard let next = contents.withLock({ $0.next() }) else {
        wait()
        continue
      }
      // Another thread may have been woken for what is left, and found it taken, or not.
      work.signal()
      let result = next.work(&asker)
      contents.withLock { contents in
        if next.isLater { contents.laterRunning -= 1 }
        contents.done.append((next.ticket, result))
      }
      finished.signal()
    }
  }

  private func wait() {
    var interest = pollfd(fd: work.descriptor.raw, events: Int16(POLLIN), revents: 0)
    _ = poll(&interest, 1, -1)
    work.drain()
  }
}

/// A page as it goes to its followers.
struct RenderedPage: Sendable {
  let digest: String
  /// The event that carries it.
  let event: [UInt8]
  /// Jobs whose events change it; nil: any event may.
  let jobs: Set<UInt64>?
}
