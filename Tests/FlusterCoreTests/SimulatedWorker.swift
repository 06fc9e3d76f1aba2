import FlusterCore

/// A worker and its shim as the controller may meet them: what they hold is the truth of the
/// simulation, whatever was said about it on the way.
struct SimulatedWorker {
  enum Sight: Equatable {
    case queued
    case running
    case finished(Outcome)
    /// Ended before it began, or never known; said until it is acknowledged.
    case gone
  }

  let id: WorkerID
  var boot: UInt64 = 1
  var incarnation: UInt64 = 1
  var link: LinkID?
  /// What runs or has ended is held by the shim and survives the worker's process, not the
  /// machine; what is queued is lost with the process.
  var held: [AttemptUID: Sight] = [:]
  var tasks: [AttemptUID: TaskID] = [:]
  /// Asked to end.
  var stopping: Set<AttemptUID> = []
  /// On their way to this worker, in order, lost with the connection.
  var inbox: [Message] = []

  enum Message {
    case full([AttemptUID: TaskID], stop: Set<AttemptUID>)
    case run(AttemptUID, TaskID)
    case stop(AttemptUID)
    case acknowledge(AttemptUID)
  }

  var uids: [AttemptUID] { held.keys.sorted() }

  /// Tasks with a process here.
  var live: [TaskID] { uids.filter { held[$0] == .running }.compactMap { tasks[$0] } }

  /// Takes one message; what is to be said at once in answer.
  mutating func receive() -> [(AttemptUID, Observation.Kind)] {
    guard !inbox.isEmpty else { return [] }
    switch inbox.removeFirst() {
    case .full(let wanted, let stop): return reconcile(wanted, stop)
    case .run(let uid, let task):
      if held[uid] == nil {
        held[uid] = .queued
        tasks[uid] = task
      }
      return []
    case .stop(let uid):
      stop(uid)
      return sights
    case .acknowledge(let uid):
      switch held[uid] {
      case .finished, .gone: held[uid] = nil
      case .queued, .running, nil: break
      }
      return []
    }
  }

  private mutating func reconcile(
    _ wanted: [AttemptUID: TaskID], _ stop: Set<AttemptUID>
  ) -> [(AttemptUID, Observation.Kind)] {
    for uid in uids where wanted[uid] == nil { self.stop(uid) }
    for uid in wanted.keys.sorted() {
      if stop.contains(uid) {
        self.stop(uid)
      } else if held[uid] == nil {
        held[uid] = .gone
      }
    }
    return sights
  }

  private mutating func stop(_ uid: AttemptUID) {
    switch held[uid] {
    case .queued, nil: held[uid] = .gone
    case .running: stopping.insert(uid)
    case .finished, .gone: break
    }
  }

  /// Everything it knows, as it says it on every occasion until it is acknowledged.
  var sights: [(AttemptUID, Observation.Kind)] {
    uids.map { uid in
      switch held[uid] {
      case .running: (uid, .started)
      case .finished(let outcome): (uid, .finished(outcome))
      case .gone: (uid, .missing)
      case .queued, nil: (uid, .queued)
      }
    }
  }

  mutating func finish(_ uid: AttemptUID, _ outcome: Outcome) {
    guard held[uid] == .running else { return }
    held[uid] = .finished(stopping.contains(uid) ? Outcome(.killed, signal: 15) : outcome)
    stopping.remove(uid)
  }

  /// The shim dies: its jobs end, and the next shim says that they are lost.
  mutating func loseShim() {
    for uid in uids {
      if held[uid] == .running { held[uid] = .finished(Outcome(.workerLost)) }
    }
  }

  /// The machine boots again: nothing is left, not even the records.
  mutating func reboot() {
    boot += 1
    held = [:]
    inbox = []
    stopping = []
  }
}
