import FlusterCore
import FlusterProtocol
import SwiftProtobuf
import Testing

@Suite("Workers")
struct WorkerTests {
  private let uid = AttemptUID(high: 1, low: 2)

  private func register(_ change: (inout WireRegister) -> Void = { _ in }) -> WireRegister {
    var wire = WireRegister()
    wire.id = "host-1.example"
    wire.incarnation = .of(uid.bytes)
    wire.boot = "7d3f"
    wire.capacity.cpuMillis = 4000
    wire.capacity.memoryBytes = 1 << 30
    wire.lacks = ["memory"]
    wire.software = "0.1.0"
    wire.pid = 7
    change(&wire)
    return wire
  }

  @Test("a registration is taken as it came")
  func registration() throws {
    let registration = try Registration(wire: register(), owner: UserID(5))
    let record = registration.record
    #expect(record.id.name == "host-1.example" && record.owner == UserID(5))
    #expect(record.incarnation == uid && record.lacks == ["memory"] && record.boot == "7d3f")
    #expect(record.capacity == Amounts(cpuMillis: 4000, memoryBytes: 1 << 30))
    #expect(registration.store == nil && registration.pid == 7)
    let holding = register { $0.store = .of(Array(1...16)) }
    #expect(try Registration(wire: holding, owner: UserID(5)).store == Array(1...16))
  }

  @Test("attributes, address and lease are what constraints and gangs go by")
  func attributes() throws {
    let wire = register {
      var attribute = WireAttribute()
      attribute.key = "Zone"
      attribute.value = " North "
      $0.attributes = [attribute]
      $0.address = "host-1"
      $0.leaseMs = 60_000
    }
    let record = try Registration(wire: wire, owner: UserID(5)).record
    #expect(record.attribute("zone") == .text("north"))
    #expect(record.address == "host-1" && record.lease == .seconds(60))
    let plain = try Registration(wire: register { _ in }, owner: UserID(5)).record
    #expect(plain.address == "localhost" && plain.lease == nil && plain.attributes.isEmpty)
  }

  @Test("a registration that makes no sense is refused")
  func nonsense() {
    var attribute = WireAttribute()
    attribute.key = "a"
    attribute.value = "b\u{7}"
    let bad = [
      register { $0.id = "" }, register { $0.id = "a b" }, register { $0.id = "../x" },
      register { $0.id = String(repeating: "a", count: 256) },
      register { $0.incarnation = .of([1]) }, register { $0.boot = "a\nb" },
      register { $0.capacity.cpuMillis = 0 }, register { $0.capacity.memoryBytes = .max },
      register { $0.lacks = ["no such thing"] },
      register { $0.lacks = Array(repeating: "cpu", count: 65) },
      register { $0.attributes = [attribute] }, register { $0.attributes = [WireAttribute()] },
      register { $0.attributes = Array(repeating: attribute, count: 65) },
      register { $0.address = "a b" }, register { $0.leaseMs = 0 },
      register { $0.address = String(repeating: "a", count: 129) },
      register { $0.software = "\u{0}" }, register { $0.store = .of([1, 2]) },
    ]
    for wire in bad {
      let refusal = #expect(throws: Refusal.self) { try Registration(wire: wire, owner: .root) }
      #expect(refusal?.code == .invalidArgument)
    }
  }

  @Test("every kind of observation goes both ways")
  func observations() throws {
    let kinds: [Observation.Kind] = [
      .queued, .starting, .started, .missing, .stuck, .finished(Outcome(.exit, exitCode: 7)),
    ]
    let all = kinds.map { Observation(uid: uid, kind: $0, at: WallTime(milliseconds: 5)) }
    #expect(try Observation.list(wire: all.map(WireObservation.init)) == all)
  }

  @Test("an observation that makes no sense is refused")
  func badObservations() {
    let lost = Observation(uid: uid, kind: .missing, at: WallTime(milliseconds: 0))
    var bad = [WireObservation](repeating: WireObservation(lost), count: 4)
    bad[0].uid = .of([])
    bad[1].kind = .unspecified
    bad[2].kind = .UNRECOGNIZED(9)
    bad[3].kind = .finished
    for wire in bad { #expect(throws: Refusal.self) { try Observation(wire: wire) } }
    #expect(throws: Refusal.self) {
      try Observation.list(
        wire: Array(repeating: WireObservation(lost), count: Limit.observations + 1))
    }
  }

  private func example() throws -> (WireRun, Submission) {
    let wire = submit {
      $0.job.array = array { $0.step = 3 }
      $0.job.timeLimitMs = 60_000
      $0.job.needs.memoryBytes = 4096
      $0.job.environment = .of(Array("A=1\0".utf8))
    }
    let submission = try Submission(wire: wire, owner: UserID(1000))
    let job = Job(
      id: JobID(42), request: submission.request, submitted: WallTime(milliseconds: 0))
    let attempt = OpenAttempt(
      uid: uid, task: TaskID(job.id, 2), number: 1, worker: WorkerID("w"),
      charge: Amounts(cpuMillis: 1000, memoryBytes: 4096), assigned: WallTime(milliseconds: 1))
    return (try WireRun(attempt, of: job, submission.payload), submission)
  }

  @Test("a run carries all that a worker needs, by the index people see")
  func run() throws {
    let (run, submission) = try example()
    #expect(run.index == 7 && run.number == 1 && run.taskCount == 10 && run.explicit)
    #expect(run.owner == 1000 && run.name == "true" && run.memoryLimitBytes == 4096)
    #expect(run.launch == (try WireLaunch(stored: submission.payload)))
    let assignment = try Assignment(wire: run)
    #expect(assignment.uid == uid && assignment.timeLimit == .seconds(60))
    #expect(assignment.charge == Amounts(cpuMillis: 1000, memoryBytes: 4096))
    #expect(assignment.grace == .seconds(5) && assignment.isStartable)
  }

  @Test("what goes on comes with its limits and without what it was started with")
  func kept() throws {
    let (run, _) = try example()
    var kept = WireKept()
    kept.uid = run.uid
    kept.charge = run.charge
    kept.timeLimitMs = run.timeLimitMs
    kept.graceMs = run.graceMs
    var wire = WireDesired()
    wire.kept = [kept]
    let started = try Assignment(wire: run)
    let expected = Assignment(
      uid: started.uid, charge: started.charge, timeLimit: started.timeLimit, grace: started.grace,
      isStartable: false)
    #expect(try Desired(wire: wire).runs == [expected])
    var bad = Array(repeating: kept, count: 4)
    bad[0].uid = .of([])
    bad[1].charge.memoryBytes = .max
    bad[2].timeLimitMs = .max
    bad[3].graceMs = .max
    for kept in bad { #expect(throws: Refusal.self) { try Assignment(wire: kept) } }
  }

  @Test("what the controller wants goes to the worker's state machine")
  func desired() throws {
    var wire = WireDesired()
    wire.sequence = 3
    wire.full = true
    wire.run = [try example().0]
    wire.stop = [WireStop(uid, .killed(KillRequest(by: .root, reason: ""))), WireStop(uid, nil)]
    wire.keep = [.of(uid.bytes)]
    wire.acknowledged = [.of(uid.bytes)]
    wire.signals = [WireSendSignal(uid, 10)]
    let desired = try Desired(wire: wire)
    #expect(desired.sequence == 3 && desired.isFull && desired.runs.map(\.uid) == [uid])
    #expect(desired.stops == [.init(uid, .killed), .init(uid, .killed)])
    #expect(desired.keeps == [uid] && desired.acknowledged == [uid])
    #expect(desired.signals == [.init(uid, 10)])
  }

  @Test("the worker has a door of its own")
  func door() throws {
    var bad = Array(repeating: try example().0, count: 7)
    bad[0].uid = .of([])
    bad[1].clearLaunch()
    bad[2].launch.argv = []
    bad[3].environment = .of([1])
    bad[4].charge.memoryBytes = .max
    bad[5].timeLimitMs = .max
    bad[6].graceMs = .max
    for run in bad { #expect(throws: Refusal.self) { try Assignment(wire: run) } }
    var desired = WireDesired()
    desired.stop = [WireStop()]
    #expect(throws: Refusal.self) { try Desired(wire: desired) }
    desired.stop = []
    desired.signals = [WireSendSignal(uid, 0)]
    #expect(throws: Refusal.self) { try Desired(wire: desired) }
  }
}
