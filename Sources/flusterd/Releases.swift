import DequeModule
import FlusterCore
import FlusterProtocol

/// Something to be done when what it rests on is durable. Carries ids, like the core's effects.
enum Consequence {
  /// What the core asked for.
  case effect(Effect)
  /// A finished answer to a read.
  case answer(ConnectionID, WireEnvelope)
  /// A part of a finished answer, to the connection's own number of the request.
  case page(ConnectionID, UInt64, ListingPage)
  /// What a wait saw may be told now.
  case beginWait(RequestID)
  /// The journal may tell of these.
  case events([FeedEntry])
  /// How that ended which a submit depends on can be looked up now.
  case lookUp(RequestID)
  /// Something happened to a job whose log somebody waits for.
  case logs(JobID)
}

/// Consequences that wait for the disk, in order.
struct Releases {
  private struct Waiting {
    let turn: UInt64
    var consequences: [Consequence]
  }

  private var waiting: Deque<Waiting> = []
  /// The newest turn that was given to the store.
  private(set) var submitted: UInt64 = 0
  /// All turns up to this one are on the disk.
  private(set) var durable: UInt64 = 0

  /// Turns that are on their way to the disk.
  var outstanding: Int { Int(submitted - durable) }

  /// The number of the next transaction.
  mutating func takeNumber() -> UInt64 {
    submitted += 1
    return submitted
  }

  /// Adds what rests on everything submitted so far.
  mutating func add(_ consequences: [Consequence]) {
    guard !consequences.isEmpty else { return }
    if let last = waiting.indices.last, waiting[last].turn == submitted {
      waiting[last].consequences.append(contentsOf: consequences)
    } else {
      waiting.append(Waiting(turn: submitted, consequences: consequences))
    }
  }

  /// The disk has come as far as `turn`.
  mutating func confirm(_ turn: UInt64) { durable = max(durable, turn) }

  /// The next thing that may be done; nil when all that is left has to wait.
  mutating func next() -> [Consequence]? {
    guard let first = waiting.first, first.turn <= durable else { return nil }
    waiting.removeFirst()
    return first.consequences
  }

  /// The store failed: what was not released never will be. Returns it, so that who waits for it
  /// can be told.
  mutating func dropAll() -> [Consequence] {
    let dropped = waiting.flatMap(\.consequences)
    waiting.removeAll()
    durable = submitted
    return dropped
  }
}
