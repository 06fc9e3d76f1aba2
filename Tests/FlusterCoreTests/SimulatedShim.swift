import FlusterCore

/// The shim of a machine and the processes it holds: the truth of the simulation, whatever was said
/// about it on the way.
struct SimulatedShim {
  struct Process {
    enum Phase {
      case starting
      case running(since: Moment)
      case over(AgentNotice)
    }

    let task: TaskID
    let charge: Amounts
    var phase = Phase.starting
    /// TERM has come; some heed it.
    var isTermed = false
    /// It is being ended with all that is left of it.
    var isDoomed = false
    /// Left by a shim that died, so how it ends cannot be known.
    var isLost = false
    var isToldStuck = false
    var frozen = FrozenTime.none

    var isLive: Bool {
      switch phase {
      case .starting, .running: true
      case .over: false
      }
    }
  }

  enum Order {
    /// Given when the machine had so much.
    case spawn(AttemptUID, of: Amounts)
    case signal(AttemptUID, UInt8)
    case freeze(AttemptUID, Bool)
    case kill(AttemptUID)
    case acknowledge(AttemptUID)
    /// The first of a connection.
    case list
  }

  enum News {
    case notice(AgentNotice)
    /// The connection is over.
    case end
  }

  var isUp = true
  /// The lives of the shim, counted.
  var life = 1
  var processes: [AttemptUID: Process] = [:]
  /// Sent by the worker, not read yet.
  var orders: [Order] = []
  /// Sent to the worker, not read yet.
  var news: [News] = []
  /// The present connection has asked for the list.
  var serves = false

  func isLive(_ uid: AttemptUID) -> Bool { processes[uid]?.isLive ?? false }

  /// Those with a process, in order.
  var live: [AttemptUID] { processes.keys.filter { isLive($0) }.sorted() }

  mutating func tell(_ notice: AgentNotice) {
    if serves { news.append(.notice(notice)) }
  }

  /// Tells all that is known of an attempt, as if it had just happened.
  mutating func present(_ uid: AttemptUID) {
    guard let process = processes[uid] else { return }
    switch process.phase {
    case .over(let notice): tell(notice)
    case .starting: tell(.starting(uid))
    case .running(let since): tell(process.isLost ? .starting(uid) : .started(uid, at: since))
    }
    if process.frozen != .none { tell(.frozen(uid, process.frozen)) }
    if process.isToldStuck, process.isLive { tell(.stuck(uid)) }
  }

  mutating func freeze(_ uid: AttemptUID, _ isFrozen: Bool, at now: Instant) {
    guard let process = processes[uid] else { return }
    if case .running = process.phase, !process.isDoomed, isFrozen != process.frozen.isFrozen {
      processes[uid]?.frozen = FrozenTime(
        total: process.frozen.nanoseconds(until: now), since: isFrozen ? now : nil)
    }
    tell(.frozen(uid, processes[uid]?.frozen ?? .none))
  }

  /// The worker's end of the connection is gone: some of what it sent may still be read, until a
  /// new connection takes over.
  mutating func losesWorker(keeping count: Int) {
    orders.removeLast(orders.count - min(count, orders.count))
    serves = false
    news = []
  }

  /// The shim dies. What it holds lives on until the next one ends it; the records are in files.
  mutating func crash(telling count: Int) {
    isUp = false
    serves = false
    orders = []
    news.removeLast(news.count - min(count, news.count))
    news.append(.end)
  }

  mutating func restart() {
    isUp = true
    life += 1
    for uid in live {
      processes[uid]?.isDoomed = true
      processes[uid]?.isLost = true
    }
  }
}
