import FlusterCore
import FlusterStore
import Testing

@Suite("The entries of a job")
struct EntryTests {
  private func joined(_ entries: ArraySlice<[UInt8]>) -> [UInt8] {
    entries.reduce(into: []) { bytes, entry in
      bytes += entry
      bytes.append(0)
    }
  }

  @Test("are found by position, are charged, and go with their job")
  func entries() throws {
    try ScratchDirectory.with { directory in
      let store = try Store.open(directory: directory.path)
      let reader = try Reader.open(directory: directory.path)
      let entries: [[UInt8]] = (0..<10_000).map { number in
        // Short, empty, and now and then longer than a block.
        let size = number % 1000 == 999 ? 100_000 : number % 7 * 3
        return [UInt8](repeating: UInt8(1 + number % 255), count: size)
      }
      var list = try EntryUpload(directory: directory.path)
      for part in stride(from: 0, to: entries.count, by: 100) {
        try list.append(joined(entries[part..<(part + 100)]), count: 100)
      }
      #expect(list.count == entries.count)
      #expect(list.digest == SHA256.hash(joined(entries[...])))
      var request = JobRequest(name: "four", owner: UserID(1))
      request.array = TaskArray(
        first: 1, step: 1, count: UInt32(entries.count), throttle: nil, isExplicit: true)
      let job = Job(id: JobID(1), request: request, submitted: WallTime(milliseconds: 1))
      var progress = job.progress
      progress.state = .killed
      progress.ended = WallTime(milliseconds: 10)
      let payload = Payload(launch: [1], environment: [], entryBytes: UInt64(list.bytes))
      try store.commit([
        Turn(
          number: 1, events: [.submitted(job, payload, nil), .jobEnded(progress)], progress: [],
          entryFiles: [job.id: list.file])
      ])
      #expect(try reader.launch(of: job.id) == payload)
      for position in [0, 1, 2, 998, 999, 1000, 1001, 5000, 9999] {
        let block = try #require(try reader.entries(of: job.id, around: UInt32(position)))
        #expect(block[UInt32(position)] == entries[position], "\(position)")
      }
      let last = try #require(try reader.entries(of: job.id, around: 9999))
      #expect(last[10_000] == nil && last[0] == nil)
      #expect(try reader.entries(of: JobID(2), around: 0) == nil)
      #expect(try reader.storedBytes(of: UserID(1)) == 4 + 1 + list.bytes)
      let pruning = Pruning(
        endedBefore: WallTime(milliseconds: 11), tokensBefore: WallTime(milliseconds: 0))
      while try store.prune(pruning, rows: 10) {}
      #expect(try reader.storedBytes(of: UserID(1)) == 0)
      #expect(try RawFile.query("SELECT count(*) FROM entry", on: directory("fluster.db")) == ["0"])
    }
  }
}
