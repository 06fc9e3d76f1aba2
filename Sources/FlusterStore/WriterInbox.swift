import Synchronization

/// What the writer's thread is asked, and what it has come to.
final class WriterInbox: Sendable {
  /// A piece of the thread's work.
  enum Work {
    case commit([Turn])
    case probe
    case prune(Pruning)
  }

  private enum Condition {
    case writing
    /// Not told to try again yet.
    case failed(StoreError)
    /// A probe is to be written, or is being written.
    case probing(StoreError)

    var failure: StoreError? {
      switch self {
      case .writing: nil
      case .failed(let error), .probing(let error): error
      }
    }
  }

  private struct Contents {
    var turns: [Turn] = []
    var pruning: Pruning?
    var condition = Condition.writing
    var durable: UInt64 = 0
    var isStopping = false
    /// The thread waits, or is about to, and must be woken.
    var isWaiting = false

    /// Decides what to do next; commits come before pruning.
    mutating func next() -> Work? {
      switch condition {
      case .failed: return nil
      case .probing: return .probe
      case .writing: break
      }
      if !turns.isEmpty {
        defer { turns = [] }
        return .commit(turns)
      }
      guard let pruning, !isStopping else { return nil }
      self.pruning = nil
      return .prune(pruning)
    }
  }

  private let contents = Mutex(Contents())
  private let wake = Semaphore()

  var report: WriterReport {
    contents.withLock { WriterReport(durable: $0.durable, failure: $0.condition.failure) }
  }

  func submit(_ turn: Turn) {
    change { contents in
      switch contents.condition {
      case .writing: contents.turns.append(turn)
      case .failed, .probing: break
      }
    }
  }

  func recover() {
    change { contents in
      switch contents.condition {
      case .failed(let error): contents.condition = .probing(error)
      case .writing, .probing: break
      }
    }
  }

  func prune(_ pruning: Pruning) { change { $0.pruning = pruning } }

  func stop() { change { $0.isStopping = true } }

  private func change(_ body: (inout Contents) -> Void) {
    let wakes = contents.withLock { contents in
      body(&contents)
      defer { contents.isWaiting = false }
      return contents.isWaiting
    }
    if wakes { wake.post() }
  }

  /// Waits for something to do; nil when there is nothing more to do, ever.
  func take() -> Work? {
    while true {
      let (work, isOver) = contents.withLock { contents -> (Work?, Bool) in
        let work = contents.next()
        contents.isWaiting = work == nil && !contents.isStopping
        return (work, contents.isStopping)
      }
      if let work { return work }
      if isOver { return nil }
      wake.wait()
    }
  }

  func committed(upTo turn: UInt64) { contents.withLock { $0.durable = turn } }

  func recovered() { contents.withLock { $0.condition = .writing } }

  /// What is queued was worked out from what is now lost.
  func failed(_ error: StoreError) {
    contents.withLock { contents in
      contents.condition = .failed(error)
      contents.turns = []
      contents.pruning = nil
    }
  }

  /// There is more to prune, unless a newer request has come.
  func goOn(_ pruning: Pruning) {
    contents.withLock { contents in
      if contents.pruning == nil { contents.pruning = pruning }
    }
  }
}
