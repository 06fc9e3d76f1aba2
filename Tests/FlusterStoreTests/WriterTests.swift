import FlusterCore
import FlusterStore
import Glibc
import Testing

@Suite("The writer stores turns in order, many at once, and owns up to failures")
struct WriterTests {
  @Test("turns queued while it writes are stored together and reported by the last number")
  func groups() throws {
    try ScratchDirectory.with { directory in
      let progress = Signal()
      let writer = try Writer(store: Store.open(directory: directory.path)) { progress.signal() }
      var work = RandomWork(seed: 61)
      let turns = (0..<400).map { _ in work.turn() }
      for turn in turns { writer.submit(turn) }
      var reports = 0
      while writer.take().durable < 400 {
        try #require(progress.wait())
        reports += 1
      }
      #expect(writer.take() == WriterReport(durable: 400, failure: nil))
      #expect(reports < 200, "group commit makes far fewer transactions than turns")
      #expect(try state(directory, at: work) == work.expected)
      writer.stop()
    }
  }

  @Test("stopping stores what was submitted, gives the directory back, and may be repeated")
  func stops() throws {
    try ScratchDirectory.with { directory in
      let writer = try Writer(store: Store.open(directory: directory.path)) {}
      var work = RandomWork(seed: 62)
      for _ in 0..<50 { writer.submit(work.turn()) }
      writer.stop()
      writer.stop()
      #expect(writer.take().durable == 50)
      let store = try Store.open(directory: directory.path)
      #expect(State(restored: try store.restore()).durable(at: work.now.wall) == work.expected)
      #expect(
        ScratchDirectory.names(in: directory.path) == [
          "fluster.db", "fluster.db-shm", "fluster.db-wal", "flusterd.lock",
        ])
    }
  }

  @Test("after a failure nothing is written, not even what was queued, until it has recovered")
  func fails() async {
    await #expect(processExitsWith: .success) {
      Child.run {
        try ScratchDirectory.with { directory in try WriterFailure.check(directory.path) }
      }
    }
  }

  @Test("the thread leaves the signals of the process to the others")
  func signals() throws {
    try ScratchDirectory.with { directory in
      let progress = Signal()
      let writer = try Writer(store: Store.open(directory: directory.path)) { progress.signal() }
      defer { writer.stop() }
      writer.submit(Turn(number: 1, events: [], progress: []))
      try #require(progress.wait())
      let tasks = "/proc/self/task"
      let mine = try ScratchDirectory.names(in: tasks).first { thread in
        try RawFile.lines(of: "\(tasks)/\(thread)/comm") == ["fluster-store"]
      }
      let thread = try #require(mine, "no thread is called fluster-store")
      let status = try RawFile.lines(of: "\(tasks)/\(thread)/status")
      let blocked = status.first { $0.hasPrefix("SigBlk:") }?.split(separator: "\t").last
      let mask = blocked.flatMap { UInt64($0, radix: 16) } ?? 0
      for signal in [SIGTERM, SIGHUP, SIGINT, SIGCHLD] {
        #expect(mask & 1 << (UInt64(signal) - 1) != 0)
      }
    }
  }

  private func state(_ directory: ScratchDirectory, at work: RandomWork) throws -> State {
    State(restored: try Reader.open(directory: directory.path).restore())
      .durable(at: work.now.wall)
  }
}

private enum WriterFailure {
  static func check(_ path: String) throws {
    let progress = Signal()
    let writer = try Writer(store: Store.open(directory: path)) { progress.signal() }
    let reader = try Reader.open(directory: path)
    var work = RandomWork(seed: 63)
    writer.submit(work.turn())
    try require(progress.wait() && writer.take().durable == 1, "the first turn is stored")
    let stored = try reader.restore()
    SizeLimit.set(300_000)
    let big = Payload(launch: [UInt8](repeating: 1, count: 600_000), environment: [77, 78])
    let job = Job(
      id: stored.nextJob, request: JobRequest(name: "big", owner: UserID(1)),
      submitted: WallTime(milliseconds: 1))
    writer.submit(Turn(number: 2, events: [.submitted(job, big, nil)], progress: []))
    // Some of these come while the big one is being written.
    while writer.take() == WriterReport(durable: 1, failure: nil) {
      writer.submit(Turn(number: 3, events: [.registered(worker("queued"))], progress: []))
    }
    try require(progress.wait(), "it says that it failed")
    try require(writer.take().failure?.kind == .full, "\(writer.take())")
    // Worked out from what is lost: dropped.
    writer.submit(Turn(number: 3, events: [.registered(worker("dropped"))], progress: []))
    // The disk is still full: the probe fails, and until one succeeds nothing is taken.
    SizeLimit.set(1000)
    writer.recover()
    try require(progress.wait(), "it says that the probe failed")
    try require(writer.take().failure?.kind == .full, "\(writer.take())")
    writer.submit(Turn(number: 4, events: [.registered(worker("refused"))], progress: []))
    SizeLimit.set(nil)
    writer.recover()
    try require(progress.wait(), "it says that the probe succeeded")
    try require(writer.take() == WriterReport(durable: 1, failure: nil), "\(writer.take())")
    writer.submit(Turn(number: 5, events: [.registered(worker("kept"))], progress: []))
    try require(progress.wait() && writer.take().durable == 5, "\(writer.take())")
    let found = try reader.restore()
    try require(found.jobs == stored.jobs && found.nextJob == stored.nextJob, "no half turns")
    // What the failed turn had put into the tables, and into the writer's memory, is gone as well.
    let small = Payload(launch: [1], environment: big.environment)
    writer.submit(Turn(number: 6, events: [.submitted(job, small, nil)], progress: []))
    try require(progress.wait() && writer.take().durable == 6, "\(writer.take())")
    try require(try reader.launch(of: job.id) == small, "the job has its environment")
    try require(
      Set(found.workers).subtracting(stored.workers) == [worker("kept")], "only what came later")
    writer.stop()
  }

  private static func worker(_ name: String) -> WorkerRecord {
    WorkerRecord(
      id: WorkerID(name), owner: UserID(1), incarnation: AttemptUID(high: 1, low: 2), boot: "b",
      capacity: Amounts(cpuMillis: 1, memoryBytes: 1), lacks: [], software: "0.1.0")
  }

  private static func require(_ holds: Bool, _ trouble: @autoclosure () -> String) throws {
    if !holds { throw Trouble(trouble()) }
  }
}
