import FlusterCore
import FlusterStore
import Testing

@Suite("History is read by pages, and forgotten by batches")
struct HistoryTests {
  /// 90 jobs of three users; every third still waits, the others ended one second after the other.
  private func fill(_ directory: ScratchDirectory) throws -> Store {
    let store = try Store.open(directory: directory.path)
    for number in 1...UInt64(90) {
      var request = JobRequest(name: "job-\(number % 10)", owner: UserID(UInt32(number % 3)))
      request.array = TaskArray(first: 0, step: 1, count: 4, throttle: nil, isExplicit: true)
      let job = Job(
        id: JobID(number), request: request, submitted: WallTime(milliseconds: Int64(number)))
      let payload = Payload(launch: [UInt8(number)], environment: [UInt8(number / 30)])
      let token = Token(bytes: (0..<16).map { UInt8(number) &+ $0 })
      var events: [Event] = [.submitted(job, payload, token)]
      if number % 3 != 0 {
        var progress = job.progress
        progress.state = number % 2 == 0 ? .failed : .succeeded
        progress.ended = WallTime(milliseconds: Int64(number) * 1000)
        progress.counts = StateCounts()
        progress.counts.succeeded = 2
        progress.counts.failed = 2
        progress.pending = RangeSet()
        events += attempts(of: job.id) + [.jobEnded(progress)]
      }
      try store.commit([Turn(number: number, events: events, progress: [])])
    }
    return store
  }

  /// Two tasks that succeed at once, two that fail at the second try.
  private func attempts(of job: JobID) -> [Event] {
    (0..<UInt32(4)).flatMap { position in
      (0...position % 2).flatMap { number -> [Event] in
        let uid = AttemptUID(high: job.number, low: UInt64(position * 2 + number))
        let code = UInt8(position % 2) * 7
        let verdict: Verdict =
          position % 2 == 0
          ? .final(.succeeded, charged: .none)
          : number == 0
            ? .retry(charged: .failure, notBefore: nil) : .final(.failed, charged: .failure)
        return [
          .assigned(
            OpenAttempt(
              uid: uid, task: TaskID(job, position), number: number, worker: WorkerID("w"),
              charge: .none, assigned: WallTime(milliseconds: 5))),
          .attemptEnded(
            uid, Outcome(.exit, exitCode: code), at: WallTime(milliseconds: 6), verdict),
        ]
      }
    }
  }

  private func ids(_ reader: Reader, _ query: JobQuery) throws -> [UInt64] {
    var query = query
    var found: [UInt64] = []
    while true {
      let page = try reader.jobs(query)
      #expect(page.jobs.count <= query.limit)
      found += page.jobs.map(\.id.number)
      guard let next = page.next else { return found }
      query.after = next
    }
  }

  @Test("the newest attempt of a task is the one with the highest number")
  func newestAttempt() throws {
    try ScratchDirectory.with { directory in
      let store = try fill(directory)
      let reader = try Reader.open(directory: directory.path)
      for (position, number) in [(0, 0), (1, 1), (2, 0), (3, 1)] as [(UInt32, UInt32)] {
        let newest = try reader.newestAttempt(of: TaskID(JobID(4), position))
        #expect(newest?.attempt.number == number)
        #expect(newest?.ending?.final != nil)
      }
      #expect(try reader.newestAttempt(of: TaskID(JobID(3), 0)) == nil)
      withExtendedLifetime(store) {}
    }
  }

  @Test("every way of asking for ended jobs gives the same by pages of any size")
  func pages() throws {
    try ScratchDirectory.with { directory in
      let store = try fill(directory)
      let reader = try Reader.open(directory: directory.path)
      for var query in choices {
        let expected = (1...UInt64(90)).filter { wants(query, $0) }
        for limit in [1, 7, 1000] {
          query.limit = limit
          query.order = .oldestFirst
          #expect(try ids(reader, query) == expected, "\(query)")
          query.order = .newestFirst
          #expect(try ids(reader, query) == expected.reversed(), "\(query)")
        }
      }
      try store.probe()
    }
  }

  private func wants(_ query: JobQuery, _ number: UInt64) -> Bool {
    let state: TaskState = number % 2 == 0 ? .failed : .succeeded
    if number % 3 == 0 { return false }
    if let owner = query.owner, UInt64(owner.number) != number % 3 { return false }
    if let since = query.endedSince, Int64(number) * 1000 < since.milliseconds { return false }
    if !query.states.isEmpty && !query.states.contains(state) { return false }
    // All the patterns below are about a 3 at the end.
    return query.nameGlob == nil || number % 10 == 3
  }

  private func query(
    _ owner: UInt32? = nil, since: Int64? = nil, _ states: Set<TaskState> = [],
    glob: String? = nil
  ) -> JobQuery {
    var query = JobQuery()
    query.owner = owner.map { UserID($0) }
    query.endedSince = since.map { WallTime(milliseconds: $0) }
    query.states = states
    query.nameGlob = glob
    return query
  }

  private var choices: [JobQuery] {
    [
      query(), query(1), query(since: 40_000), query(2, since: 40_000), query(nil, [.failed]),
      query(1, since: 20_500, [.succeeded]), query(glob: "job-[3]"),
      query(2, [.failed, .succeeded], glob: "*3"), query(9), query(since: 1_000_000),
    ]
  }

  @Test("attempts and odd tasks come by pages in order, with how they ended")
  func attemptPages() throws {
    try ScratchDirectory.with { directory in
      let store = try fill(directory)
      let reader = try Reader.open(directory: directory.path)
      var all: [StoredAttempt] = []
      while true {
        let last = all.last.map { ($0.attempt.task.position, $0.attempt.number) }
        let page = try reader.attempts(
          of: JobID(4), after: last.map { (position: $0.0, number: $0.1) }, limit: 4)
        all += page
        if page.count < 4 { break }
      }
      #expect(
        all.map { "\($0.attempt.task.position)/\($0.attempt.number)" } == [
          "0/0", "1/0", "1/1", "2/0", "3/0", "3/1",
        ])
      #expect(all.map(\.ending?.final) == [.succeeded, nil, .failed, .succeeded, nil, .failed])
      #expect(
        all.map(\.ending?.charged) == [
          Budget.none, .failure, .failure, Budget.none, .failure, .failure,
        ])
      #expect(try reader.attempts(of: JobID(4), positions: 1..<3, limit: 9) == Array(all[1..<4]))
      let odd = try reader.tasks(of: JobID(4), limit: 9)
      #expect(odd.map(\.position) == [1, 3])
      #expect(odd.map(\.attempts) == [2, 2] && odd.map(\.failures) == [2, 2])
      #expect(odd.allSatisfy { $0.state == .failed && $0.outcome?.exitCode == 7 })
      #expect(try reader.tasks(of: JobID(4), after: 1, limit: 9).map(\.position) == [3])
      #expect(try reader.lastOutcome(of: TaskID(JobID(4), 0))?.0 == .succeeded)
      #expect(try reader.newestJob(of: UserID(1)) == JobID(88))
      #expect(try reader.newestJob(of: UserID(8)) == nil)
      #expect(try reader.job(JobID(91)) == nil && reader.launch(of: JobID(91)) == nil)
      try store.probe()
    }
  }

  @Test("the newest job under a key of a user is found, ended or not, until it is forgotten")
  func keys() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      let reader = try Reader.open(directory: directory.path)
      func holder(_ name: String, _ owner: UInt32) throws -> UInt64? {
        let stored = try reader.stored(OwnedKey(owner: UserID(owner), name: name))
        return stored.holder.map { holder in
          #expect(holder.digest == RequestDigest(AttemptUID(high: 7, low: holder.job.number)))
          return holder.job.number
        }
      }
      for number in 1...UInt64(4) {
        var request = JobRequest(name: "job", owner: UserID(number == 4 ? 2 : 1))
        request.options.key = JobKey(
          name: "backup", digest: RequestDigest(AttemptUID(high: 7, low: number)),
          replaces: number == 3 ? JobID(2) : nil)
        let job = Job(id: JobID(number), request: request, submitted: WallTime(milliseconds: 1))
        var end = job.progress
        (end.state, end.ended) = (.killed, WallTime(milliseconds: Int64(number) * 1000))
        let events: [Event] = [
          .submitted(job, Payload(launch: [], environment: []), nil), .jobEnded(end),
        ]
        try store.commit([Turn(number: number, events: events, progress: [])])
        #expect(try reader.job(job.id)?.request == request)
        #expect(try holder("backup", number == 4 ? 2 : 1) == number)
      }
      #expect(try holder("backup", 1) == 3)
      #expect(try reader.stored(OwnedKey(owner: UserID(9), name: "")).next == JobID(5))
      #expect(try holder("Backup", 1) == nil)
      let forgotten = Pruning(
        endedBefore: WallTime(milliseconds: 3500), tokensBefore: WallTime(milliseconds: 0))
      while try store.prune(forgotten) {}
      #expect(try holder("backup", 1) == nil)
      #expect(try holder("backup", 2) == 4)
    }
  }

  @Test("what ended long ago goes in small batches, and its numbers are never used again")
  func prunes() throws {
    try ScratchDirectory.with { directory in
      let store = try fill(directory)
      let unfinished = try store.restore()
      let pruning = Pruning(
        endedBefore: WallTime(milliseconds: 1_000_000), tokensBefore: WallTime(milliseconds: 46))
      var batches = 1
      while try store.prune(pruning, rows: 10) { batches += 1 }
      #expect(batches > 40)
      let restored = try store.restore()
      #expect(State(restored: restored) == State(restored: unfinished))
      #expect(restored.nextJob == JobID(91))
      let database = directory("fluster.db")
      #expect(try RawFile.query("SELECT count(*) FROM job", on: database) == ["30"])
      #expect(try RawFile.query("SELECT count(*) FROM launch", on: database) == ["30"])
      for table in ["attempt", "task"] {
        #expect(try RawFile.query("SELECT count(*) FROM \(table)", on: database) == ["0"])
      }
      #expect(try RawFile.query("SELECT min(job) FROM token", on: database) == ["48"])
      #expect(try RawFile.query("PRAGMA foreign_key_check", on: database) == [])
      try checkEnvironments(store, database)
    }
  }

  /// One is used by unfinished jobs still; when nobody uses it, it goes, and comes again.
  private func checkEnvironments(_ store: Store, _ database: String) throws {
    #expect(try RawFile.query("SELECT count(*) FROM environment", on: database) == ["4"])
    let last = Job(
      id: JobID(91), request: JobRequest(name: "x", owner: UserID(1)),
      submitted: WallTime(milliseconds: 99))
    var progress = last.progress
    progress.state = .killed
    progress.ended = WallTime(milliseconds: 100)
    let payload = Payload(launch: [1], environment: [200])
    let pruning = Pruning(
      endedBefore: WallTime(milliseconds: 101), tokensBefore: WallTime(milliseconds: 0))
    try store.commit([
      Turn(number: 91, events: [.submitted(last, payload, nil), .jobEnded(progress)], progress: [])
    ])
    #expect(try RawFile.query("SELECT count(*) FROM environment", on: database) == ["5"])
    #expect(try store.prune(pruning) == false)
    #expect(try RawFile.query("SELECT count(*) FROM environment", on: database) == ["4"])
    let next = Job(id: JobID(92), request: last.request, submitted: last.submitted)
    try store.commit([
      Turn(number: 92, events: [.submitted(next, payload, nil)], progress: [])
    ])
    #expect(try RawFile.query("SELECT count(*) FROM environment", on: database) == ["5"])
  }
}
