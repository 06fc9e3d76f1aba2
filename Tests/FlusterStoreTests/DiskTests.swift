import FlusterCore
import FlusterStore
import Glibc
import Testing

@Suite("A disk that takes no writes costs no acknowledged job")
struct DiskTests {
  @Test("a file size limit is a full disk; when it is lifted, service resumes")
  func sizeLimit() async {
    await #expect(processExitsWith: .success) {
      Child.run {
        try ScratchDirectory.with { directory in
          try FullDisk.check(directory.path) { SizeLimit.set($0 ? 400_000 : nil) }
        }
      }
    }
  }

  @Test(
    "a full file system is a full disk; when there is room again, service resumes",
    .enabled(if: getuid() == 0, "skipped, because only root can mount a small file system"))
  func fullFileSystem() throws {
    try ScratchDirectory.with { directory in
      guard mount("tmpfs", directory.path, "tmpfs", 0, "size=1m,mode=700") == 0 else {
        print("skipped, because tmpfs cannot be mounted here: errno \(errno)")
        return
      }
      defer { umount2(directory.path, Int32(MNT_DETACH)) }
      let ballast = directory("ballast")
      try FullDisk.check(directory("state")) { isFull in
        guard isFull else {
          unlink(ballast)
          return
        }
        let file = open(ballast, O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        while write(file, block, block.count) > 0 {}
      }
    }
  }

  @Test("a directory or a database that may not be written is refused, and the path told")
  func readOnly() async throws {
    try await ScratchDirectory.waiting { directory in
      _ = try Store.open(directory: directory("state"))
      let path = directory.path
      for name in ["", "/flusterd.lock", "/fluster.db"] {
        #expect(chown(directory("state") + name, 65534, 65534) == 0 || getuid() != 0)
      }
      chmod(path, 0o755)
      // Root may write everything, so somebody else tries.
      await #expect(processExitsWith: .success) { [path = path as String] in
        Child.run {
          if getuid() == 0 {
            guard setgid(65534) == 0, setuid(65534) == 0 else { throw Trouble("cannot be nobody") }
          }
          try ReadOnly.check(path + "/state")
        }
      }
    }
  }
}

private enum ReadOnly {
  static func check(_ path: String) throws {
    let database = path + "/fluster.db"
    // Only the database is read-only; then only the directory; then all.
    try check(path, directory: 0o700, file: 0o400, names: database)
    try check(path, directory: 0o500, file: 0o600, names: path)
    try check(path, directory: 0o500, file: 0o400, names: path)
    chmod(path, 0o700)
    chmod(database, 0o600)
    _ = try Store.open(directory: path).restore()
  }

  private static func check(
    _ path: String, directory: UInt32, file: UInt32, names object: String
  ) throws {
    chmod(path, directory)
    chmod(path + "/fluster.db", file)
    let error = failure(of: StoreError.self) { () throws(StoreError) in
      _ = try Store.open(directory: path)
    }
    guard error?.kind == .readOnly, error?.message.hasPrefix("\(object) cannot be written") == true
    else { throw Trouble("\(object) was to be read-only: \(String(describing: error))") }
  }
}

private enum FullDisk {
  /// Commits until the disk, made full, refuses; checks what is stored; goes on when there is room.
  static func check(_ path: String, setFull: (Bool) -> Void) throws {
    var work = RandomWork(seed: 51)
    let store = try Store.open(directory: path)
    let reader = try Reader.open(directory: path)
    for _ in 0..<3 { try store.commit([work.turn()]) }
    setFull(true)
    var stored = work.expected
    var error: StoreError?
    for _ in 0..<10_000 where error == nil {
      stored = work.expected
      let turn = work.turn()
      error = failure { () throws(StoreError) in try store.commit([turn]) }
    }
    try require(error?.kind == .full, "not full: \(String(describing: error))")
    let database = path + "/fluster.db"
    try require(
      error?.message.hasPrefix("there is no room for \(database): ") == true,
      "another sentence: \(String(describing: error))")
    // What the failed turn made of the core is forgotten; neither side of the store has any of it.
    for restored in [try store.restore(), try reader.restore()] {
      let found = State(restored: restored).durable(at: .init(milliseconds: .max))
      let trouble = difference(found, stored.durable(at: .init(milliseconds: .max)))
      try require(trouble == nil, trouble ?? "")
    }
    let probe = failure(of: StoreError.self) { () throws(StoreError) in
      // Small writes may still find room for a while.
      for _ in 0..<1000 { try store.probe() }
    }
    try require(probe?.kind == .full, "the probe says: \(String(describing: probe))")
    setFull(false)
    try store.probe()
    try store.commit([Turn(number: 1, events: [.registered(FullDisk.worker)], progress: [])])
    try require(
      try reader.restore().workers.contains(FullDisk.worker), "what was written later is not there")
  }

  private static let worker = WorkerRecord(
    id: WorkerID("later"), owner: UserID(1), incarnation: AttemptUID(high: 1, low: 2), boot: "b",
    capacity: Amounts(cpuMillis: 1, memoryBytes: 1), lacks: [], software: "0.1.0")

  private static func require(_ holds: Bool, _ trouble: String) throws {
    if !holds { throw Trouble(trouble) }
  }
}
