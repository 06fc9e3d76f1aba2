import FlusterCore
import FlusterStore
import Testing

@Suite("What went on in a stretch of time is added up from jobs and attempts")
struct PastWorkTests {
  /// An attempt of some job: when it ran, and what it held.
  private struct Run {
    let job: UInt64
    let start: Int64
    /// Nil: it runs.
    let end: Int64?
    let cpuMillis: UInt64
    let memoryBytes: UInt64
    let final: TaskState?
  }

  private func time(_ milliseconds: Int64) -> WallTime { WallTime(milliseconds: milliseconds) }

  /// Stores jobs with these attempts, as tasks of theirs; a job ends with its last if `ends` says
  /// so.
  private func fill(
    _ directory: ScratchDirectory, _ runs: [Run], submitted: Int64, ends: (UInt64) -> Bool
  ) throws -> Store {
    let store = try Store.open(directory: directory.path)
    let jobs = Dictionary(grouping: runs, by: \.job).sorted { $0.key < $1.key }
    var turn: UInt64 = 0
    for (id, runs) in jobs {
      var request = JobRequest(name: "job", owner: UserID(UInt32(id % 2)))
      request.array = TaskArray(
        first: 0, step: 1, count: UInt32(runs.count), throttle: nil, isExplicit: true)
      let job = Job(id: JobID(id), request: request, submitted: time(submitted))
      let token = Token(bytes: (0..<16).map { UInt8(truncatingIfNeeded: id) &+ $0 })
      var events: [Event] = [.submitted(job, Payload(launch: [1], environment: [2]), token)]
      for (position, run) in runs.enumerated() {
        let uid = AttemptUID(high: id, low: UInt64(position))
        let attempt = OpenAttempt(
          uid: uid, task: TaskID(job.id, UInt32(position)), number: 0, worker: WorkerID("w"),
          charge: Amounts(cpuMillis: run.cpuMillis, memoryBytes: run.memoryBytes),
          assigned: time(run.start))
        events.append(.assigned(attempt))
        events.append(.started(uid, at: time(run.start)))
        guard let end = run.end else { continue }
        var verdict = Verdict.retry(charged: .failure, notBefore: nil)
        if let final = run.final { verdict = .final(final, charged: .none) }
        events.append(.attemptEnded(uid, Outcome(.exit, exitCode: 3), at: time(end), verdict))
      }
      var progress = job.progress
      progress.started = runs.map { time($0.start) }.min()
      if ends(id) {
        progress.state = .succeeded
        progress.ended = runs.compactMap { $0.end.map(time) }.max()
        events.append(.jobEnded(progress))
        try store.commit([Turn(number: turn, events: events, progress: [])])
      } else {
        try store.commit([Turn(number: turn, events: events, progress: [progress])])
      }
      turn += 1
    }
    return store
  }

  private func read(
    _ directory: ScratchDirectory, _ work: PastWork, job: JobID? = nil, owner: UserID? = nil,
    now: Int64, rows: Int = 1_000_000
  ) throws -> PastWork {
    let reader = try Reader.open(directory: directory.path)
    var query = PastWorkQuery(into: work, job: job, owner: owner, now: time(now))
    while !query.isDone { try reader.proceed(with: &query, rows: rows) }
    #expect(!query.isCut)
    return query.work
  }

  @Test("what is held is divided among the parts in which it was")
  func held() throws {
    try ScratchDirectory.with { directory in
      let runs = [
        // Within one part; over three; from before and to behind; still running; ended before.
        Run(job: 1, start: 1100, end: 1300, cpuMillis: 2000, memoryBytes: 10, final: .succeeded),
        Run(job: 2, start: 1500, end: 3500, cpuMillis: 1000, memoryBytes: 1000, final: .failed),
        Run(job: 3, start: 0, end: 9000, cpuMillis: 500, memoryBytes: 0, final: .killed),
        Run(job: 4, start: 3000, end: nil, cpuMillis: 1000, memoryBytes: 0, final: nil),
        Run(job: 5, start: 10, end: 20, cpuMillis: 9000, memoryBytes: 0, final: .succeeded),
        // Was tried again, and of a job that goes on.
        Run(job: 6, start: 2000, end: 3000, cpuMillis: 1000, memoryBytes: 0, final: nil),
      ]
      let store = try fill(directory, runs, submitted: 500) { $0 != 4 && $0 != 6 }
      let work = PastWork(from: time(1000), width: .seconds(1), count: 3)
      let parts = try read(directory, work, now: 3400).parts
      #expect(parts.map(\.cpuMilliseconds) == [1400, 2500, 1400])
      #expect(parts.map(\.memoryByteSeconds) == [502, 1000, 500])
      #expect(parts.map(\.attemptMilliseconds) == [1700, 3000, 1900])
      #expect(parts.map(\.started) == [2, 1, 1])
      #expect(parts.map(\.ended.succeeded) == [1, 0, 0])
      #expect(parts.map(\.ended.failed) == [0, 0, 2])
      #expect(parts.map(\.ended.killed) == [0, 0, 0])
      withExtendedLifetime(store) {}
    }
  }

  @Test("one user's, and one job's, are told from the others'; waits are counted by their length")
  func chosen() throws {
    try ScratchDirectory.with { directory in
      let runs = (1...40).map { number in
        Run(
          job: UInt64(number), start: 1000 + Int64(number) * 100, end: 6000, cpuMillis: 1000,
          memoryBytes: 1, final: .succeeded)
      }
      let store = try fill(directory, runs, submitted: 1000) { $0 % 3 > 0 }
      let all = PastWork(from: time(0), width: .seconds(10), count: 1)
      func started(_ job: JobID?, _ owner: UserID?, rows: Int = 1000) throws -> UInt32? {
        try read(directory, all, job: job, owner: owner, now: 7000, rows: rows).parts.first?.started
      }
      #expect(try started(nil, nil) == 40)
      #expect(try started(nil, nil, rows: 1) == 40)
      #expect(try started(nil, UserID(1)) == 20)
      #expect(try started(nil, UserID(7)) == 0)
      #expect(try started(JobID(9), nil) == 1)
      let waits = try read(directory, all, now: 7000).waits
      // 100 and 200 ms; up to 900; up to 2.9 s; up to 4 s.
      #expect(waits == [0, 2, 7, 20, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0])
      withExtendedLifetime(store) {}
    }
  }

  /// The same sums, slowly.
  private func slowly(_ runs: [Run], from: Int64, width: Int64, count: Int, now: Int64) -> [UInt64]
  {
    (0..<count).map { place in
      let (first, last) = (from + width * Int64(place), from + width * Int64(place + 1))
      return runs.reduce(0) { sum, run in
        let held = max(0, min(run.end ?? now, last) - max(run.start, first))
        return sum + UInt64(held) * run.cpuMillis
      } / 1000
    }
  }

  @Test("any attempts, in slices of any size, come to the same as one by one", arguments: 1...4)
  func random(seed: UInt64) throws {
    var random = Random(seed: seed)
    let ids: [UInt64] = [7, 8, 9, 500, 501, 90_000]
    let runs = (0..<600).map { _ -> Run in
      let start = Int64(random.next() % 100_000)
      let isOpen = random.next() % 10 == 0
      return Run(
        // Some jobs are far from others, some have very many tasks.
        job: ids[Int(random.next() % 6)], start: start,
        end: isOpen ? nil : start + Int64(random.next() % 30_000),
        cpuMillis: (1 + random.next() % 8) * 1000, memoryBytes: 5,
        final: random.next() % 3 == 0 ? nil : .failed)
    }
    try ScratchDirectory.with { directory in
      let store = try fill(directory, runs, submitted: 0) { $0 % 2 == 0 }
      let work = PastWork(from: time(20_000), width: Span(milliseconds: 777), count: 80)
      let expected = slowly(runs, from: 20_000, width: 777, count: 80, now: 90_000)
      for rows in [1, 1500, 1_000_000] {
        let found = try read(directory, work, now: 90_000, rows: rows)
        #expect(found.parts.map(\.cpuMilliseconds) == expected, "seed \(seed), \(rows) rows")
      }
      withExtendedLifetime(store) {}
    }
  }
}
