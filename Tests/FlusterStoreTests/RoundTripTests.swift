import FlusterCore
import FlusterStore
import Testing

@Suite("What was committed is what a restart finds")
struct RoundTripTests {
  @Test(
    "a controller's state comes back from the store after any number of turns",
    arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func comesBack(seed: UInt64) throws {
    try ScratchDirectory.with { directory in
      var work = RandomWork(seed: seed)
      var store = try Store.open(directory: directory("state"))
      let id = store.id
      for round in 0..<30 {
        let turns = (0..<Int.random(in: 1...8, using: &work.random)).map { _ in work.turn() }
        try store.commit(turns)
        if round % 3 == 0 {
          // The old one lets go of the directory first.
          store = try reopened(&store, directory("state"))
        }
        let found = State(restored: try store.restore()).durable(at: work.now.wall)
        #expect(difference(found, work.expected) == nil, "seed \(seed), round \(round)")
        #expect(store.id == id)
      }
      #expect(
        work.descents.values.contains { $0.lineage != nil }, "seed \(seed) has no children")
      #expect(work.ended.count > 3, "seed \(seed) is too dull to prove anything")
      try checkHistory(work, directory("state"))
      #expect(
        try RawFile.query("PRAGMA foreign_key_check", on: directory("state/fluster.db")) == [])
      #expect(
        try RawFile.query("PRAGMA integrity_check", on: directory("state/fluster.db")) == ["ok"])
    }
  }

  @Test("a grandchild comes back with its whole line, and a job of a plain parent with no index")
  func lineage() throws {
    try ScratchDirectory.with { directory in
      let ancestors = [
        Ancestor(job: JobID(1), index: nil, attempt: AttemptUID(high: .max, low: 0)),
        Ancestor(job: JobID(2), index: .max, attempt: AttemptUID(high: 1, low: 2)),
        Ancestor(job: JobID(3), index: 0, attempt: AttemptUID(high: 0, low: .max)),
      ]
      let jobs = (1...3).map { number in
        Job(
          id: JobID(UInt64(number)), request: JobRequest(name: "job", owner: UserID(1)),
          submitted: WallTime(milliseconds: 1),
          descent: Lineage(ancestors: Array(ancestors.prefix(number)), path: "a/é")
            .map(Descent.child) ?? .root)
      }
      var store: Store? = try Store.open(directory: directory.path)
      let payload = Payload(launch: [1], environment: [])
      try store?.commit([
        Turn(number: 1, events: jobs.map { .submitted($0, payload, nil) }, progress: [])
      ])
      store = nil
      #expect(try Store.open(directory: directory.path).restore().jobs == jobs)
    }
  }

  private func reopened(_ store: inout Store, _ path: String) throws -> Store {
    try ScratchDirectory.with { other in
      store = try Store.open(directory: other("other"))
      return try Store.open(directory: path)
    }
  }

  private func checkHistory(_ work: RandomWork, _ path: String) throws {
    let reader = try Reader.open(directory: path)
    for (job, sent) in work.submitted {
      #expect(try reader.launch(of: job) == sent.payload)
      #expect(try reader.owner(of: job) == sent.owner)
      if let token = sent.token {
        #expect(try reader.job(forToken: token, of: sent.owner) == job)
        #expect(try reader.job(forToken: token, of: UserID(99)) == nil)
      }
    }
    for (job, progress) in work.ended {
      #expect(try reader.job(job)?.progress == progress)
      #expect(try reader.job(job)?.descent == work.descents[job])
      try checkTasks(of: job, work, reader)
    }
    for (task, outcomes) in work.outcomes {
      let attempts = try reader.attempts(
        of: task.job, positions: task.position..<(task.position + 1), limit: 1000)
      let told = attempts.compactMap(\.ending?.outcome).filter { $0.text == outcomes[0].text }
      #expect(told == outcomes)
    }
  }

  /// The counts of an ended job must be those of its tasks, asked for one by one.
  private func checkTasks(of job: JobID, _ work: RandomWork, _ reader: Reader) throws {
    guard let stored = try reader.job(job) else { return }
    var counts = StateCounts()
    for position in stored.request.array.positions {
      guard let (state, outcome) = try reader.lastOutcome(of: TaskID(job, position)) else {
        Issue.record("task \(job).\(position) is not known")
        continue
      }
      counts[state] += 1
      if state == .succeeded { #expect(outcome?.exitCode == 0) }
      if state == .failed { #expect(outcome != nil) }
    }
    #expect(counts == stored.progress.counts)
    #expect(try reader.lastOutcome(of: TaskID(job, stored.request.array.count)) == nil)
  }
}

/// Where two states differ, in words; nil if they do not.
func difference(_ found: State, _ expected: State) -> String? {
  guard found != expected else { return nil }
  if found.nextJob != expected.nextJob { return "next job \(found.nextJob), \(expected.nextJob)" }
  for id in Set(found.jobs.keys).union(expected.jobs.keys).sorted() {
    if found.jobs[id] != expected.jobs[id] {
      return "job \(id): \(String(describing: found.jobs[id]))\n\nnot\n\n"
        + String(describing: expected.jobs[id])
    }
  }
  for uid in Set(found.attempts.keys).union(expected.attempts.keys).sorted() {
    if found.attempts[uid] != expected.attempts[uid] {
      return "attempt \(uid): \(String(describing: found.attempts[uid])) not "
        + String(describing: expected.attempts[uid])
    }
  }
  return "workers: \(found.workers) not \(expected.workers)"
}
