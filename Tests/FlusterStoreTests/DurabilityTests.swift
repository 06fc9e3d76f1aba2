import FlusterCore
import FlusterStore
import Glibc
import Testing

@Suite("The files are made and used so that a power cut and other users can do no harm")
struct DurabilityTests {
  @Test("all files are the owner's alone, whatever the umask")
  func modes() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory("state"))
      try store.probe()
      #expect(RawFile.mode(of: directory("state")) == 0o700)
      let names = ScratchDirectory.names(in: directory("state"))
      #expect(names == ["fluster.db", "fluster.db-shm", "fluster.db-wal", "flusterd.lock"])
      for name in names { #expect(RawFile.mode(of: directory("state/\(name)")) == 0o600) }
      try store.probe()
    }
  }

  @Test("the writer syncs its commits: synchronous reads back 2, and the log is a write-ahead log")
  func synchronous() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      #expect(try store.pragma("synchronous") == "2")
      #expect(try store.pragma("journal_mode") == "wal")
      #expect(try store.pragma("wal_autocheckpoint") == "0")
      #expect(try store.pragma("application_id") == "1181513075")
      #expect(try store.pragma("user_version") == "2")
    }
  }

  @Test("the log is written home when it is long, and only then")
  func checkpoints() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      for _ in 0..<10 { try store.probe() }
      let small = try RawFile.read(directory("fluster.db")).count
      try store.checkpoint()
      #expect(try RawFile.read(directory("fluster.db")).count == small)
      try store.checkpoint(atLeast: 1)
      #expect(try RawFile.read(directory("fluster.db")).count > small)
      let log = try RawFile.read(directory("fluster.db-wal")).count
      for _ in 0..<10 { try store.probe() }
      #expect(
        try RawFile.read(directory("fluster.db-wal")).count == log, "it begins from the front")
    }
  }

  @Test("a restart over 100,000 waiting jobs does not read what was submitted")
  func readsColumnsOnly() async {
    // In a process of its own, whose reads are only these.
    await #expect(processExitsWith: .success) {
      Child.run {
        try ScratchDirectory.with { directory in
          try ManyJobs.store(in: directory.path)
          let store = try Store.open(directory: directory.path)
          let before = try ManyJobs.bytesRead()
          let count = try store.restore().jobs.count
          let read = try ManyJobs.bytesRead() - before
          let size = try RawFile.read(directory("fluster.db")).count
          guard count == 100_000, read > 5_000_000, read < size / 2 else {
            throw Trouble("\(read) bytes of \(size) read for \(count) jobs")
          }
        }
      }
    }
  }

  @Test("no query of the store scans history or sorts a table")
  func plans() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      _ = try Reader.open(directory: directory.path)
      let database = directory("fluster.db")
      let plans = [
        "SELECT id FROM job WHERE ended IS NULL ORDER BY id",
        "SELECT * FROM job INDEXED BY job_ended WHERE ended IS NULL AND id >= 5 ORDER BY id",
        "SELECT count(*), min(id) FROM job WHERE ended IS NULL",
        "UPDATE attempt SET stuck = 1 WHERE uid = x'00' AND ended IS NULL",
        "DELETE FROM task WHERE job = 1 AND position >= 2 AND position < 3 AND state = 1",
        "SELECT * FROM job INDEXED BY job_owner WHERE owner = 1 AND id > 5 ORDER BY id LIMIT 9",
        "SELECT id FROM job INDEXED BY job_owner WHERE owner = 1 AND id < 5 ORDER BY id DESC",
        """
        SELECT * FROM attempt WHERE job = 1 AND (position, number) > (2, 3) AND position < 9
        ORDER BY position, number LIMIT 9
        """,
        "SELECT job FROM token WHERE owner = 1 AND token = x'00'",
        "SELECT id FROM job WHERE ended < 5 ORDER BY ended LIMIT 9",
      ]
      for sql in plans {
        let plan = try RawFile.query("EXPLAIN QUERY PLAN \(sql)", on: database)
        #expect(!plan.contains { $0.hasPrefix("SCAN") || $0.contains("B-TREE") }, "\(sql): \(plan)")
      }
      try store.probe()
    }
  }

  @Test("the hash of environments is SHA-256, by the examples of the standard")
  func sha256() {
    let examples: [(String, String)] = [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ]
    for (message, expected) in examples {
      let hash = SHA256.hash(Array(message.utf8)).map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
      #expect(hash == expected)
    }
  }
}

private enum ManyJobs {
  static func store(in directory: String) throws {
    let store = try Store.open(directory: directory)
    let payload = Payload(
      launch: [UInt8](repeating: 1, count: 300), environment: [UInt8](repeating: 2, count: 3000))
    for batch in 0..<UInt64(10) {
      let events = (1...UInt64(10_000)).map { number in
        Event.submitted(
          Job(
            id: JobID(batch * 10_000 + number), request: JobRequest(name: "n", owner: UserID(1)),
            submitted: WallTime(milliseconds: 1)), payload, nil)
      }
      try store.commit([Turn(number: batch + 1, events: events, progress: [])])
    }
  }

  static func bytesRead() throws -> Int {
    let line = try RawFile.lines(of: "/proc/self/io").first { $0.hasPrefix("rchar: ") }
    guard let count = line.flatMap({ Int($0.dropFirst(7)) }) else { throw Trouble("no rchar") }
    return count
  }
}
