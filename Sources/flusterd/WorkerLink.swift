import FlusterCore
import FlusterProtocol
import FlusterStore
import Logging

/// The conversation with one worker, on one connection.
struct WorkerLink {
  let worker: WorkerID
  /// The number of its Register, to answer it.
  let request: UInt64
  let pid: UInt32
  /// Its registration stands and the full set has been sent.
  var isWelcome = false
  /// The number of the newest Desired.
  var sequence: UInt64 = 0
}

/// What is to be told to one worker with the next Desired.
struct Desire {
  /// A frame is sent when it has about so many bytes, well below what a frame may have.
  static let frameSize = 4 << 20

  var wire = WireDesired()
  /// About how many bytes it will have.
  var size = 0

  /// A run with its launch, which has so many bytes; what is not counted is numbers.
  mutating func add(_ run: WireRun, launch: Int) {
    size += 256 + run.name.utf8.count + launch + run.environment.count
    for amount in run.charge.resources { size += amount.name.utf8.count + 16 }
    wire.run.append(run)
  }
}

extension Daemon {
  /// The link of a worker that may be sent changes: those before its full set are in the full set.
  private func link(of worker: WorkerID) -> LinkID? {
    guard let link = controller.state.workers[worker]?.link, links[link]?.isWelcome == true else {
      return nil
    }
    return link
  }

  func sendRun(_ uid: AttemptUID) {
    guard let attempt = controller.state.attempts[uid], let link = link(of: attempt.worker),
      let run = run(attempt)
    else { return }
    desires[link, default: Desire()].add(run.wire, launch: run.launch)
    if desires[link, default: Desire()].size >= Desire.frameSize { sendDesire(to: link) }
  }

  func sendStop(_ uid: AttemptUID, to worker: WorkerID) {
    guard let link = link(of: worker) else { return }
    let stop = WireStop(uid, controller.state.attempts[uid]?.stop)
    desires[link, default: Desire()].wire.stop.append(stop)
  }

  func sendSignal(_ signal: UInt8, _ uid: AttemptUID, to worker: WorkerID) {
    guard let link = link(of: worker) else { return }
    desires[link, default: Desire()].wire.signals.append(WireSendSignal(uid, signal))
  }

  func sendAcknowledgement(_ uid: AttemptUID, to worker: WorkerID) {
    guard let link = link(of: worker) else { return }
    desires[link, default: Desire()].wire.acknowledged.append(.of(uid.bytes))
  }

  /// Sends what the release collected, one frame a worker.
  func sendDesires() {
    guard !desires.isEmpty else { return }
    for link in desires.keys.sorted() { sendDesire(to: link) }
  }

  private func sendDesire(to link: LinkID) {
    guard var desire = desires.removeValue(forKey: link), links[link] != nil else { return }
    links[link]?.sequence += 1
    desire.wire.sequence = links[link]?.sequence ?? 0
    clients.send(
      WireEnvelope(request: 0, .desired(desire.wire)), to: ConnectionID(number: link.number))
  }

  /// The order to start an attempt and the bytes of its launch; nil, with a line, if that cannot be
  /// read.
  private func run(_ attempt: OpenAttempt) -> (wire: WireRun, launch: Int)? {
    guard let job = controller.state.jobs[attempt.task.job] else { return nil }
    do {
      guard let payload = try launch(of: job.id) else { throw Refusal.noJob(job.id) }
      return (try WireRun(attempt, of: job, payload), payload.launch.count)
    } catch {
      log.error("job \(job.id) cannot be started: \(error)")
      return nil
    }
  }

  /// How to start the job's tasks; nil if the store has no such job.
  private func launch(of job: JobID) throws(StoreError) -> Payload? {
    if let payload = launches[job] { return payload }
    guard let payload = try storage.launch(of: job) else { return nil }
    launches.insert(payload, of: job)
    return payload
  }

  /// The registration is durable: the worker is told what it should have.
  func welcome(_ worker: WorkerID, on link: LinkID, _ wanted: [Wanted]) {
    let connection = ConnectionID(number: link.number)
    guard let number = links[link]?.request, controller.state.links[link] == worker else { return }
    clients.send(WireEnvelope(request: number, .registered(WireRegistered())), to: connection)
    links[link]?.isWelcome = true
    var desire = fullDesire(wanted)
    desire.wire.full = true
    desires[link] = desire
    sendDesire(to: link)
    log.info("worker \(worker) is connected")
  }

  /// Every attempt the worker should have. Those that have not started come with all they need;
  /// the others without their environment: a new worker process must know their limits to watch
  /// over them.
  private func fullDesire(_ wanted: [Wanted]) -> Desire {
    var desire = Desire()
    for want in wanted {
      let attempt = controller.state.attempts[want.uid]
      let mayStart = attempt?.state == .assigned && !want.stop
      let run = desire.size < Desire.frameSize ? attempt.flatMap(run) : nil
      if !mayStart || run == nil { desire.wire.keep.append(.of(want.uid.bytes)) }
      if want.stop { desire.wire.stop.append(WireStop(want.uid, attempt?.stop)) }
      if var run {
        if !mayStart { run.wire.environment = .of([]) }
        desire.add(run.wire, launch: run.launch)
      }
    }
    return desire
  }

  /// The registration does not stand.
  func reject(_ link: LinkID, _ refusal: Refusal) {
    guard let number = links.removeValue(forKey: link)?.request else { return }
    clients.refuse(ConnectionID(number: link.number), refusal, request: number)
  }

  /// A newer connection of the same worker has taken over.
  func replace(_ link: LinkID) {
    let connection = ConnectionID(number: link.number)
    var goodbye = WireGoodbye()
    goodbye.why = .replaced
    clients.send(WireEnvelope(request: 0, .goodbye(goodbye)), to: connection)
    clients.close(connection)
  }
}
