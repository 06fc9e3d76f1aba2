import FlusterCore
import FlusterProtocol
import Testing

@Suite("Cursors of the feed")
struct FeedCursorTests {
  private let store = (0..<16).map { UInt8($0 * 17) }

  @Test("a cursor goes through text and wire and comes back", arguments: [0, 1, .max] as [UInt64])
  func bothWays(sequence: UInt64) throws {
    let cursor = FeedCursor(store: store, sequence: sequence)
    #expect(cursor.text == "00112233445566778899aabbccddeeff-\(sequence)")
    #expect(FeedCursor(text: cursor.text) == cursor)
    #expect(try FeedCursor(wire: WireCursor(cursor)) == cursor)
    #expect(FeedCursor(text: "start") == .start)
    #expect(try FeedCursor(wire: WireCursor()) == .start)
  }

  @Test(
    "what no feed gave out is no cursor",
    arguments: [
      "", "-", "1", "-1", "00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff-",
      "00112233445566778899aabbccddeeff-1-2", "00112233445566778899aabbccddeeff-+1",
      "00112233445566778899aabbccddeeff--1", "00112233445566778899aabbccddeefg-1",
      "00112233445566778899aabbccddee-1", "00112233445566778899aabbccddeeff-18446744073709551616",
      "Start", "start ",
    ])
  func nonsense(text: String) {
    #expect(FeedCursor(text: text) == nil)
  }

  @Test("a cursor on the wire has a whole store, or is the start")
  func wire() {
    var cursor = WireCursor()
    cursor.sequence = 1
    #expect(throws: Refusal.self) { try FeedCursor(wire: cursor) }
    cursor.store = .of([1, 2, 3])
    #expect(throws: Refusal.self) { try FeedCursor(wire: cursor) }
  }

  @Test("a watch begins in one place only")
  func watch() throws {
    var watch = WireWatch()
    watch.newest = 3
    #expect(try WatchOrder(wire: watch).after == nil)
    watch.after = WireCursor()
    #expect(throws: Refusal.self) { try WatchOrder(wire: watch) }
    watch.newest = 0
    #expect(try WatchOrder(wire: watch).after == .start)
  }

  @Test("an entry says on the wire all that it says")
  func event() {
    var entry = FeedEntry(.taskEnded, at: WallTime(milliseconds: 5))
    entry.subject = FeedEntry.Subject(job: JobID(42), owner: UserID(7), name: "n")
    entry.tasks = [1...9, 20...20]
    entry.step = 2
    entry.attempt = FeedEntry.Attempt(uid: AttemptUID(high: 1, low: 2), number: 0)
    entry.worker = WorkerID("w1")
    entry.state = .pending
    entry.cause = .workerLost
    entry.status = 126
    entry.by = .root
    entry.text = "t"
    let wire = WireEvent(entry, sequence: 9)
    #expect(wire.sequence == 9 && wire.atMs == 5 && wire.kind == "task_ended")
    #expect(wire.job == 42 && wire.uid == 7 && wire.name == "n" && wire.step == 2)
    #expect(wire.tasks.map { [$0.first, $0.last] } == [[1, 9], [20, 20]])
    #expect(
      wire.hasAttempt && wire.attempt == 0
        && wire.attemptUid.array == (AttemptUID(high: 1, low: 2).bytes))
    #expect(wire.worker == "w1" && wire.state == .pending && wire.cause == .workerLost)
    #expect(wire.hasStatus && wire.status == 126 && wire.hasBy && wire.by == 0 && wire.text == "t")
    let worker = WireEvent(FeedEntry(.workerRegistered, at: WallTime(milliseconds: 5)), sequence: 1)
    #expect(worker.job == 0 && !worker.hasAttempt && !worker.hasBy && !worker.hasStatus)
  }
}
