import FlusterSystem
import FlusterTesting
import Glibc
import Testing

@testable import FlusterWorker

/// What the shim keeps of an attempt, and both ends of its pipe.
private final class Attempt {
  let directory: TemporaryDirectory
  let parts: OutputRelay.Parts
  var writer: Descriptor?

  init(isTimed: Bool = false) throws {
    directory = try TemporaryDirectory()
    let (reader, writer) = try Pipe.make()
    let aside = try Pipe.make()
    let label = OutputLabel(isTimed: isTimed, fields: [])
    let raw = open("\(directory.path)/log", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    parts = OutputRelay.Parts(
      uid: Array(0..<16), ledger: try SealedMemory.open(OutputLedger.head(label), name: "ledger"),
      asideReader: aside.reader, asideWriter: aside.writer, streams: [reader],
      log: Descriptor(adopting: try #require(raw >= 0 ? raw : nil)))
    self.writer = writer
  }

  deinit { directory.remove() }

  /// What a worker has that has just begun.
  func worker() throws -> OutputRelay { try OutputRelay(parts, scratch: try Pipe.make()) }

  func write(_ text: String) throws { try #require(writer).write(Array(text.utf8), what: "a pipe") }

  var log: String { (try? text(at: "\(directory.path)/log")) ?? "" }

  /// The worker is killed when it has put `text` aside and begun to write it.
  func die(writing text: String, written: Int, isTaken: Bool = false) throws {
    var ledger = try OutputLedger(parts.ledger)
    let lines = OutputLines(try ledger.unfinished(0) + Array(text.utf8), isEnd: false)
    try ledger.note(lines.text[lines.rest...], 0)
    ledger.state.nextLength = UInt32(lines.text.count - lines.rest)
    ledger.state.isWriting = true
    ledger.state.count = UInt32(text.utf8.count)
    ledger.state.logSize = UInt64(log.utf8.count)
    try ledger.save()
    let logged = lines.logged(stamp: nil, inMidLine: false)
    try parts.log.write(Array(logged.prefix(written)), what: "a log")
    if !isTaken { try parts.asideWriter.write(Array(text.utf8), what: "a pipe") }
  }
}

@Suite("output on its way into a log")
struct OutputRelayTests {
  @Test("whole lines are written, and an unfinished one when the stream ends")
  func lines() throws {
    let attempt = try Attempt()
    let relay = try attempt.worker()
    try attempt.write("one\ntw")
    #expect(try relay.move(0) == .bytes(6))
    #expect(attempt.log == "one\n")
    #expect(try relay.move(0) == .nothing)
    try attempt.write("o\nthree")
    #expect(try relay.move(0) == .bytes(7))
    #expect(attempt.log == "one\ntwo\n")
    attempt.writer = nil
    #expect(try relay.move(0) == .end)
    #expect(attempt.log == "one\ntwo\nthree")
    try relay.finish()
    #expect(attempt.log == "one\ntwo\nthree")
  }

  @Test("the end does not wait for whoever still holds the pipe")
  func stray() throws {
    let attempt = try Attempt()
    let relay = try attempt.worker()
    try attempt.write("all\nof it")
    try relay.finish()
    #expect(attempt.log == "all\nof it")
  }

  @Test("a worker that was killed at any moment of writing loses no byte and writes none twice")
  func crashes() throws {
    let text = "two\nthree\nfo"
    for written in 0...10 {
      let attempt = try Attempt()
      try attempt.write("one\n")
      _ = try attempt.worker().move(0)
      try attempt.die(writing: text, written: written)
      try attempt.write("ur\n")
      _ = try attempt.worker().move(0)
      #expect(attempt.log == "one\ntwo\nthree\nfour\n", "\(written) bytes were written")
    }
    let attempt = try Attempt()
    try attempt.die(writing: text, written: 10, isTaken: true)
    let next = try attempt.worker()
    #expect(try next.move(0) == .nothing)
    try attempt.write("ur\n")
    _ = try next.move(0)
    #expect(attempt.log == "two\nthree\nfour\n")
  }

  @Test("what was put aside and no more is written by the next worker")
  func aside() throws {
    let attempt = try Attempt(isTimed: true)
    try attempt.parts.asideWriter.write(Array("kept\nlast".utf8), what: "a pipe")
    try attempt.worker().finish()
    let lines = attempt.log.split(separator: "\n")
    #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("20") }, "\(lines)")
    #expect(lines.map { $0.split(separator: " ")[1] } == ["kept", "last"])
  }

  @Test("a worker that another has replaced lets go")
  func replaced() throws {
    let attempt = try Attempt()
    let old = try attempt.worker()
    #expect(!old.isSuperseded)
    let new = try attempt.worker()
    #expect(old.isSuperseded && !new.isSuperseded)
  }

  @Test("a log that cannot be written loses nothing, and holds the end up once only")
  func fullDisk() throws {
    let attempt = try Attempt()
    let raw = open("/dev/full", O_WRONLY | O_CLOEXEC)
    let full = Descriptor(adopting: try #require(raw >= 0 ? raw : nil))
    let parts = attempt.parts
    let onFull = OutputRelay.Parts(
      uid: parts.uid, ledger: parts.ledger, asideReader: parts.asideReader,
      asideWriter: parts.asideWriter, streams: parts.streams, log: full)
    try attempt.write("one\ntwo\n")
    let stuck = try OutputRelay(onFull, scratch: try Pipe.make())
    #expect(throws: SystemError.self) { _ = try stuck.move(0) }
    #expect(throws: SystemError.self) { _ = try stuck.move(0) }
    _ = try attempt.worker().move(0)
    #expect(attempt.log == "one\ntwo\n")
    try attempt.write("three\n")
    #expect(throws: SystemError.self) { try stuck.finish() }
    stuck.giveUpLog()
    try stuck.finish()
    #expect(attempt.log == "one\ntwo\n")
  }
}
