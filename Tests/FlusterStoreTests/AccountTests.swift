import FlusterCore
import FlusterStore
import Testing

@Suite("What a user makes the store hold is known without adding it up")
struct AccountTests {
  @Test("the accounts are what the rows come to, whatever was submitted and forgotten")
  func addsUp() throws {
    for seed in [11, 12, 13] as [UInt64] {
      try ScratchDirectory.with { directory in
        var work = RandomWork(seed: seed)
        let store = try Store.open(directory: directory.path)
        for _ in 0..<40 { try store.commit([work.turn(), work.turn()]) }
        try check(directory)
        let pruning = Pruning(
          endedBefore: work.now.wall, tokensBefore: WallTime(milliseconds: 0))
        while try store.prune(pruning, rows: 20) { try check(directory) }
        try check(directory)
        #expect(!work.ended.isEmpty, "seed \(seed) is too dull to prove anything")
      }
    }
  }

  @Test("an environment is charged to each user of it, once, until the last job goes")
  func environment() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      let reader = try Reader.open(directory: directory.path)
      let environment = [UInt8](repeating: 1, count: 1000)
      for (number, owner) in ([1, 1, 2] as [UInt32]).enumerated() {
        let id = JobID(UInt64(number + 1))
        let job = Job(
          id: id, request: JobRequest(name: "four", owner: UserID(owner)),
          submitted: WallTime(milliseconds: 1))
        var progress = job.progress
        progress.state = .killed
        progress.ended = WallTime(milliseconds: 10 * Int64(number + 1))
        let payload = Payload(launch: [1, 2, 3], environment: environment)
        try store.commit([
          Turn(
            number: id.number, events: [.submitted(job, payload, nil), .jobEnded(progress)],
            progress: [])
        ])
      }
      #expect(try reader.storedBytes(of: UserID(1)) == 1014)
      #expect(try reader.storedBytes(of: UserID(2)) == 1007)
      #expect(try reader.storedBytes(of: UserID(3)) == 0)
      for (time, left) in [(11, 1007), (21, 0)] as [(Int64, Int)] {
        let pruning = Pruning(
          endedBefore: WallTime(milliseconds: time), tokensBefore: WallTime(milliseconds: 0))
        #expect(try store.prune(pruning) == false)
        #expect(try reader.storedBytes(of: UserID(1)) == left)
      }
      #expect(try reader.storedBytes(of: UserID(2)) == 1007)
    }
  }

  @Test("a script is charged like an environment, and goes with the last job that has it")
  func script() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      let reader = try Reader.open(directory: directory.path)
      let (long, short) = ([UInt8](repeating: 1, count: 1000), [UInt8](repeating: 2, count: 10))
      // The last has the environment of the first as its script; the third but one both alike.
      let contents = [(short, long), (short, long), (long, long), (long, short)]
      for (number, (environment, script)) in contents.enumerated() {
        let id = JobID(UInt64(number + 1))
        let job = Job(
          id: id, request: JobRequest(name: "four", owner: UserID(1)),
          submitted: WallTime(milliseconds: 1))
        var progress = job.progress
        progress.state = .killed
        progress.ended = WallTime(milliseconds: 10 * Int64(number + 1))
        let payload = Payload(launch: [1, 2, 3], environment: environment, script: script)
        try store.commit([
          Turn(
            number: id.number, events: [.submitted(job, payload, nil), .jobEnded(progress)],
            progress: [])
        ])
        #expect(try reader.launch(of: id) == payload)
        #expect(try reader.launch(of: id, withScript: false)?.script == [])
      }
      let expected = [1038, 1031, 1024, 1017, 0]
      for (gone, left) in expected.enumerated() {
        let pruning = Pruning(
          endedBefore: WallTime(milliseconds: Int64(gone) * 10 + 1),
          tokensBefore: WallTime(milliseconds: 0))
        #expect(try store.prune(pruning) == false)
        #expect(try reader.storedBytes(of: UserID(1)) == left)
      }
    }
  }

  @Test("all that a job carries is charged, and each of its attempts, of which the newest are kept")
  func everything() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      let reader = try Reader.open(directory: directory.path)
      var request = JobRequest(name: "four", owner: UserID(1))
      request.retries = 2000
      request.options.dependencies = (1...100).map {
        Dependency(.after, Selection(job: JobID($0)))
      }
      request.options.key = JobKey(
        name: "twelve bytes", digest: RequestDigest(AttemptUID(high: 1, low: 2)))
      let job = Job(id: JobID(1000), request: request, submitted: WallTime(milliseconds: 1))
      let payload = Payload(launch: [1, 2, 3], environment: [1])
      try store.commit([Turn(number: 1, events: [.submitted(job, payload, nil)], progress: [])])
      let bare = try reader.storedBytes(of: UserID(1))
      #expect(bare > 4 + 3 + 1 + 12 + 100)
      for number in 0..<1003 as Range<UInt32> {
        let attempt = OpenAttempt(
          uid: AttemptUID(high: 3, low: UInt64(number)), task: TaskID(JobID(1000), 0),
          number: number, worker: WorkerID("w1"), charge: .none, assigned: job.submitted)
        let end = Event.attemptEnded(
          attempt.uid, Outcome(.exit, exitCode: 1), at: job.submitted,
          .retry(charged: .failure, notBefore: nil))
        try store.commit([
          Turn(number: UInt64(number) + 2, events: [.assigned(attempt), end], progress: [])
        ])
      }
      #expect(try reader.storedBytes(of: UserID(1)) == bare + 1000 * 128)
      let path = directory("fluster.db")
      #expect(
        try RawFile.query("SELECT min(number), max(number) FROM attempt", on: path) == [
          "3", "1002",
        ])
      var progress = job.progress
      progress.state = .killed
      progress.ended = WallTime(milliseconds: 10)
      try store.commit([Turn(number: 2000, events: [.jobEnded(progress)], progress: [])])
      let pruning = Pruning(
        endedBefore: WallTime(milliseconds: 11), tokensBefore: WallTime(milliseconds: 0))
      while try store.prune(pruning, rows: 300) { try check(directory) }
      #expect(try reader.storedBytes(of: UserID(1)) == 0)
    }
  }

  @Test("a store of the first format is brought up to date, and its jobs are charged")
  func firstFormat() throws {
    try ScratchDirectory.with { directory in
      try RawFile.write([], to: directory("fluster.db"))
      for statement in FirstFormat.statements {
        try RawFile.execute(statement, on: directory("fluster.db"))
      }
      let store = try Store.open(directory: directory.path)
      #expect(try store.restore().jobs.map(\.request.name) == ["first", "third"])
      let reader = try Reader.open(directory: directory.path)
      #expect(try reader.storedBytes(of: UserID(1000)) == 5 + 6 + 2 + 3 + 10)
      #expect(try reader.storedBytes(of: UserID(1001)) == 5 + 4 + 10)
      try check(directory)
    }
  }

  /// Adds up what the accounts should be.
  private func check(_ directory: ScratchDirectory) throws {
    let derived = """
      SELECT owner, sum(bytes) FROM (
        SELECT owner, charged AS bytes FROM job
        UNION ALL
        SELECT owner, 128 FROM attempt JOIN job ON job.id = attempt.job
        UNION ALL
        SELECT owner, length(data) FROM environment JOIN
          (SELECT owner, environment FROM job JOIN launch ON launch.job = job.id
            UNION SELECT owner, script FROM job JOIN launch ON launch.job = job.id)
          ON environment = environment.id
      ) GROUP BY owner ORDER BY owner
      """
    let accounts = "SELECT owner, bytes FROM account WHERE bytes <> 0 ORDER BY owner"
    let path = directory("fluster.db")
    #expect(try RawFile.query(accounts, on: path) == RawFile.query(derived, on: path))
    #expect(try RawFile.query("PRAGMA foreign_key_check", on: path) == [])
  }
}
