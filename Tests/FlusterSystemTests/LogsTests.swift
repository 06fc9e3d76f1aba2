import FlusterSystem
import FlusterSystemd
import Glibc
import Logging
import Testing

private func event(
  _ message: Logger.Message, level: Logger.Level = .info, error: (any Error)? = nil,
  metadata: Logger.Metadata? = nil
) -> LogEvent {
  LogEvent(
    level: level, message: message, error: error, metadata: metadata, source: "flusterd",
    file: "flusterd/Turn.swift", function: "run()", line: 42)
}

@Suite struct LogsTests {
  @Test("a journal entry has its text, place and metadata as fields")
  func fields() {
    let fields = JournalHandler.fields(
      event("two\nlines", level: .warning), label: "flusterd",
      metadata: ["job_id": "42", "message_id": "abc", "errno": "2", "worker-é": "w1"])
    #expect(
      fields.map { String(decoding: $0, as: UTF8.self) } == [
        "MESSAGE=two\nlines", "PRIORITY=4", "SYSLOG_IDENTIFIER=flusterd",
        "CODE_FILE=flusterd/Turn.swift", "CODE_LINE=42", "CODE_FUNC=run()", "ERRNO=2",
        "FLUSTER_JOB_ID=42", "MESSAGE_ID=abc", "FLUSTER_WORKER___=w1",
      ])
  }

  @Test("levels are syslog's priorities")
  func priorities() {
    #expect(Logger.Level.allCases.map(JournalHandler.priority) == [7, 7, 6, 5, 4, 3, 2])
  }

  @Test("a line for people has the program, the text and what is known beside it")
  func line() {
    #expect(
      PlainHandler.line(event("cannot reach it"), label: "flusterd", metadata: [:])
        == "flusterd: cannot reach it\n")
    #expect(
      PlainHandler.line(event("a\nb\n"), label: "flusterd", metadata: ["worker": "w", "job": "1"])
        == "flusterd: a\n  b (job=1 worker=w)\n")
  }

  @Test("a logger writes one line a message, and its own metadata win over the handler's")
  func writes() throws {
    let (reader, writer) = try UnixSocket.pair(kind: .stream)
    var logger = Logger(label: "flusterd") {
      PlainHandler(label: $0, descriptor: writer.raw)
    }
    logger[metadataKey: "worker"] = "w1"
    logger.info("first")
    logger.debug("not shown")
    logger.error(
      "second", error: SystemError(call: "open f", errno: ENOENT), metadata: ["worker": "w2"])
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(reader.raw, &bytes, bytes.count, 0)
    #expect(
      String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == """
        flusterd: first (worker=w1)
        flusterd: second (error=open f: no such file or directory worker=w2)

        """)
  }

  @Test("standard error is the journal only if the stream named in the environment is the same")
  func detectsJournal() throws {
    let (stream, _) = try UnixSocket.pair(kind: .stream)
    var status = stat()
    try #require(fstat(stream.raw, &status) == 0)
    let name = "\(status.st_dev):\(status.st_ino)"
    #expect(Logs.leadsToJournal(stream.raw, variable: name))
    #expect(!Logs.leadsToJournal(stream.raw, variable: "\(name)1"))
    #expect(!Logs.leadsToJournal(stream.raw, variable: nil))
    #expect(!Logs.leadsToJournal(stream.raw, variable: "nonsense"))
  }
}
