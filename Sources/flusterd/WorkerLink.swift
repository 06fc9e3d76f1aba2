import DequeModule
import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem
import Logging

/// The conversation with one worker, on one connection.
struct WorkerLink {
  let worker: WorkerID
  /// The number of its Register, to answer it.
  let request: UInt64
  let pid: UInt32
  /// Of the worker and its shim, until the registration stands.
  var pidfds: [Descriptor]
  /// Its registration stands and the full set has been sent.
  var isWelcome = false
  /// Its full set has not been sent to the end.
  var isFilling = false
  /// Attempts it is to be told of as soon as it reads.
  var waiting: Deque<AttemptUID> = []
  /// The number of the newest Desired.
  var sequence: UInt64 = 0
}

/// What is to be told to one worker with the next Desired.
struct Desire {
  /// A frame is sent when it has about so many bytes, well below what a frame may have.
  static let frameSize = 4 << 20

  /// A signal for an attempt.
  struct Signal: Hashable {
    let uid: AttemptUID
    let number: UInt8
  }

  var wire = WireDesired()
  /// About how many bytes it will have.
  var size = 0
  private var signals: Set<Signal> = []

  /// A signal that is on its way is sent once, however often it was asked for, as the kernel has
  /// it.
  mutating func add(_ signal: Signal) {
    guard signals.insert(signal).inserted else { return }
    wire.signals.append(WireSendSignal(signal.uid, signal.number))
  }

  /// A run with its launch, which has so many bytes; what is not counted is numbers.
  mutating func add(_ run: WireRun, launch: Int) {
    size += 256 + run.name.utf8.count + launch + run.environment.count + run.script.count
    size += run.entry.count
    for amount in run.charge.resources { size += amount.name.utf8.count + 16 }
    for address in run.gangAddresses { size += address.utf8.count + 2 }
    wire.run.append(run)
  }

  /// What holds for an attempt that goes on.
  mutating func add(_ kept: WireKept) {
    size += 64
    for amount in kept.charge.resources { size += amount.name.utf8.count + 16 }
    wire.kept.append(kept)
  }

  /// It says nothing. A full set that lists nothing says a lot.
  var isEmpty: Bool {
    !wire.full && !wire.ask && wire.run.isEmpty && wire.kept.isEmpty && wire.keep.isEmpty
      && wire.stop.isEmpty && wire.recall.isEmpty && wire.acknowledged.isEmpty
      && wire.signals.isEmpty
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
    guard let attempt = controller.state.attempts[uid], let link = link(of: attempt.worker) else {
      return
    }
    links[link]?.waiting.append(uid)
    // Whatever is in it, the release ends by looking at it.
    desires[link] = desires[link] ?? Desire()
  }

  func sendStop(_ uid: AttemptUID, to worker: WorkerID) {
    guard let link = link(of: worker) else { return }
    let stop = WireStop(uid, controller.state.attempts[uid]?.stop)
    desires[link, default: Desire()].wire.stop.append(stop)
  }

  func sendRecall(_ uid: AttemptUID, to worker: WorkerID) {
    guard let link = link(of: worker) else { return }
    desires[link, default: Desire()].wire.recall.append(.of(uid.bytes))
  }

  func sendSignal(_ signal: UInt8, _ uid: AttemptUID, to worker: WorkerID) {
    guard let link = link(of: worker) else { return }
    desires[link, default: Desire()].add(Desire.Signal(uid: uid, number: signal))
  }

  func sendAcknowledgement(_ uid: AttemptUID, to worker: WorkerID) {
    guard let link = link(of: worker) else { return }
    desires[link, default: Desire()].wire.acknowledged.append(.of(uid.bytes))
  }

  /// Has the worker give a sign of life, with whatever else it is told.
  func sendQuestion(to worker: WorkerID) {
    guard let link = link(of: worker) else { return }
    desires[link, default: Desire()].wire.ask = true
  }

  /// Sends what the release collected.
  func sendDesires() {
    // What was placed since stands elsewhere.
    gangs = [:]
    for link in desires.keys.sorted() { sendDesire(to: link) }
  }

  /// Goes on with what workers had no room for.
  func sendWaiting() {
    for (link, entry) in links.sorted(by: { $0.key < $1.key }) where !entry.waiting.isEmpty {
      sendDesire(to: link)
    }
  }

  /// Sends what there is to tell, and of the attempts that wait as many as the worker reads: each
  /// comes with megabytes, if its user wants it so.
  private func sendDesire(to link: LinkID) {
    let connection = ConnectionID(number: link.number)
    var desire = desires.removeValue(forKey: link) ?? Desire()
    repeat {
      guard var entry = links[link] else { return }
      let wasFilling = entry.isFilling
      if hasRoom(connection) {
        while desire.size < Desire.frameSize, let uid = entry.waiting.popFirst() {
          add(uid, to: &desire, isFull: wasFilling)
        }
      }
      entry.isFilling = wasFilling && !entry.waiting.isEmpty
      let isComplete = wasFilling && !entry.isFilling
      if !desire.isEmpty || isComplete {
        entry.sequence += 1
        desire.wire.sequence = entry.sequence
        desire.wire.more = entry.isFilling
        clients.send(WireEnvelope(request: 0, .desired(desire.wire)), to: connection)
      }
      links[link] = entry
      desire = Desire()
    } while links[link]?.waiting.isEmpty == false && hasRoom(connection)
  }

  private func hasRoom(_ connection: ConnectionID) -> Bool {
    clients.pendingOutput(of: connection) < Daemon.unreadLimit
  }

  /// An attempt that has not started comes with all it needs; another without what it was started
  /// with: a new worker process must know its limits to watch over them, and so must one that knew
  /// others. What was stopped before it was told of is not told: then the stop has been.
  private func add(_ uid: AttemptUID, to desire: inout Desire, isFull: Bool) {
    guard let attempt = controller.state.attempts[uid],
      let job = controller.state.jobs[attempt.task.job]
    else { return }
    let mayStart = attempt.state == .assigned && attempt.stop == nil
    let payload = payload(of: job.id)
    if mayStart {
      do throws(Refusal) {
        guard let payload else { throw .noJob(job.id) }
        let run = try WireRun(
          attempt, of: job, payload, gang: gangAddresses(of: job),
          entry: try entry(of: attempt.task, payload))
        return desire.add(run, launch: payload.launch.count)
      } catch {
        log.error("job \(job.id) cannot be started: \(error.message)")
        if isFull { desire.wire.keep.append(.of(uid.bytes)) }
      }
    } else if isFull || attempt.state != .assigned {
      let launch = payload.flatMap { try? WireLaunch(stored: $0) }
      desire.add(WireKept(attempt, of: job, logMax: launch?.logMaxBytes))
      if isFull, attempt.stop != nil { desire.wire.stop.append(WireStop(uid, attempt.stop)) }
    }
  }

  /// The addresses of a gang's members, found once for all of them; none for other jobs.
  private func gangAddresses(of job: Job) -> [String] {
    guard job.request.options.gang != nil else { return [] }
    if let known = gangs[job.id] { return known }
    let addresses = controller.state.gangAddresses(of: job)
    gangs[job.id] = addresses
    return addresses
  }

  /// How the job's tasks are started; nil, with a line, if that cannot be read.
  private func payload(of job: JobID) -> Payload? {
    do throws(StoreError) {
      if let payload = launches[job] { return payload }
      guard let payload = try storage.launch(of: job) else { return nil }
      launches.insert(payload, of: job)
      return payload
    } catch {
      log.error("the launch description of job \(job) cannot be read: \(error)")
      return nil
    }
  }

  /// The registration is durable: the worker is told what it should have.
  func welcome(_ worker: WorkerID, on link: LinkID, _ wanted: [Wanted]) {
    let connection = ConnectionID(number: link.number)
    guard let number = links[link]?.request, controller.state.links[link] == worker else { return }
    clients.send(WireEnvelope(request: number, .registered(WireRegistered())), to: connection)
    links[link]?.isWelcome = true
    links[link]?.isFilling = true
    watchProcesses(of: worker, links[link]?.pidfds ?? [])
    links[link]?.pidfds = []
    links[link]?.waiting.append(contentsOf: wanted.map(\.uid))
    var desire = Desire()
    desire.wire.full = true
    desires[link] = desire
    sendDesire(to: link)
    log.info("worker \(worker) is connected")
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
