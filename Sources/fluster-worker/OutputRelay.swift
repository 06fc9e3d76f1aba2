import FlusterSystem
import FlusterSystemd
import Glibc

/// The output of one attempt on its way from its pipes into its log and the journal. Belongs to the
/// thread that made it.
///
/// What is read is first put aside, into a pipe that the shim keeps, and taken from there when it
/// is written; the ledger says how far that is. So a worker may be killed at any moment, and the
/// next one writes no byte twice and leaves none out. Only the journal may have one line twice: it
/// cannot be asked.
final class OutputRelay {
  /// What the shim handed over, with the log.
  struct Parts: Sendable {
    let uid: [UInt8]
    let ledger: Descriptor
    let asideReader: Descriptor
    let asideWriter: Descriptor
    /// Standard output, and standard error if that has a pipe of its own.
    let streams: [Descriptor]
    let log: Descriptor
  }

  /// So many bytes are moved at once, so that others have their turn.
  private static let batch = 64 << 10

  let parts: Parts
  private var ledger: OutputLedger
  private let scratch: (reader: Descriptor, writer: Descriptor)
  /// The log is given up: the attempt has ended, and it cannot be written.
  private var isWithoutLog = false

  /// Takes the attempt over from where the last worker was with it; `scratch` is an empty pipe.
  init(
    _ parts: Parts, scratch: (reader: Descriptor, writer: Descriptor)
  ) throws(SystemError) {
    self.parts = parts
    self.scratch = scratch
    ledger = try OutputLedger(parts.ledger)
  }

  /// Whether another worker has taken over, and this one must let go.
  var isSuperseded: Bool { (try? ledger.isOurs()) == false }

  /// Writes what a stream has, but not too much of it. Throws what kept it from being written: it
  /// is not lost, and is written with the next call.
  func move(_ stream: Int) throws(SystemError) -> Pipe.Moved {
    try resume()
    if ledger.state.stream != UInt8(stream) {
      ledger.state.stream = UInt8(stream)
      try ledger.save()
    }
    let moved = try Pipe.move(
      from: parts.streams[stream], to: parts.asideWriter, limit: Self.batch)
    switch moved {
    case .bytes: try resume()
    case .end: try end(stream)
    case .nothing: break
    }
    return moved
  }

  /// The attempt is over, and all who wrote are dead, or nobody's concern any more: writes what
  /// stands in the pipes, and the lines that have no end.
  func finish() throws(SystemError) {
    for stream in parts.streams.indices {
      var rest = try Pipe.pending(in: parts.streams[stream])
      while rest > 0, case .bytes(let count) = try move(stream) { rest -= count }
    }
    try resume()
    for stream in parts.streams.indices { try end(stream) }
  }

  /// From now on the log is left as it is.
  func giveUpLog() { isWithoutLog = true }

  /// Finishes what was begun, by this worker or the one before it.
  private func resume() throws(SystemError) {
    while true {
      let pending = try Pipe.pending(in: parts.asideReader)
      if ledger.state.isWriting {
        let count = Int(ledger.state.count)
        // Taken already: only that was not noted.
        if count > 0, pending == 0 {
          try commit()
          continue
        }
        let bytes = try peek(count)
        if bytes.count == count {
          try write(bytes)
        } else {
          // Pipes have become smaller meanwhile: rather some lines twice than none at all.
          ledger.state.isWriting = false
        }
      } else if pending > 0 {
        try begin(try peek(pending), isEnd: false)
      } else {
        return
      }
    }
  }

  /// A line without a line feed is one all the same when nothing follows.
  private func end(_ stream: Int) throws(SystemError) {
    guard ledger.state.length[stream] > 0 else { return }
    ledger.state.stream = UInt8(stream)
    try begin([], isEnd: true)
  }

  private var stream: Int { Int(ledger.state.stream) }

  private func begin(_ bytes: [UInt8], isEnd: Bool) throws(SystemError) {
    var status = stat()
    guard fstat(parts.log.raw, &status) == 0 else { throw SystemError.last("look at a log") }
    let lines = OutputLines(try ledger.unfinished(stream) + bytes, isEnd: isEnd)
    try ledger.note(lines.text[lines.rest...], stream)
    ledger.state.nextLength = UInt32(lines.text.count - lines.rest)
    ledger.state.nextInMidLine =
      lines.pieces.isEmpty ? ledger.state.inMidLine[stream] : lines.endsInMidLine
    ledger.state.isWriting = true
    ledger.state.isEnd = isEnd
    ledger.state.count = UInt32(bytes.count)
    ledger.state.told = 0
    ledger.state.logSize = UInt64(clamping: status.st_size)
    ledger.state.time = Clock.wallMilliseconds()
    try ledger.save()
    try write(lines)
  }

  private func write(_ bytes: [UInt8]) throws(SystemError) {
    try write(OutputLines(try ledger.unfinished(stream) + bytes, isEnd: ledger.state.isEnd))
  }

  /// All that depends on when it is done stands in the ledger, so that it may be done again.
  private func write(_ lines: OutputLines) throws(SystemError) {
    let stamp =
      ledger.label.isTimed ? OutputLines.stamp(wall: ledger.state.time) : nil
    if !isWithoutLog {
      try append(lines.logged(stamp: stamp, inMidLine: ledger.state.inMidLine[stream]))
    }
    if !ledger.label.fields.isEmpty { try tell(lines) }
    if ledger.state.count > 0 {
      _ = try Pipe.take(Int(ledger.state.count), from: parts.asideReader)
    }
    try commit()
  }

  /// Appends what is not there yet.
  private func append(_ bytes: [UInt8]) throws(SystemError) {
    var status = stat()
    guard fstat(parts.log.raw, &status) == 0 else { throw SystemError.last("look at a log") }
    let size = UInt64(clamping: status.st_size)
    let done = size > ledger.state.logSize ? size - ledger.state.logSize : 0
    guard done < UInt64(bytes.count) else { return }
    try parts.log.write(Array(bytes[Int(done)...]), what: "a log")
  }

  private func tell(_ lines: OutputLines) throws(SystemError) {
    for piece in lines.pieces.dropFirst(Int(ledger.state.told)) {
      var text = lines.text[piece.range]
      if piece.end == .line { text.removeLast() }
      var fields = ledger.label.fields
      fields.append(Array("PRIORITY=\(stream == 0 ? LOG_INFO : LOG_ERR)".utf8))
      fields.append(Array("FLUSTER_STREAM=\(stream == 0 ? "stdout" : "stderr")".utf8))
      switch piece.end {
      case .line: break
      case .split: fields.append(Array("FLUSTER_LINE_BREAK=line-max".utf8))
      case .stream: fields.append(Array("FLUSTER_LINE_BREAK=eof".utf8))
      }
      fields.append(Array("MESSAGE=".utf8) + text)
      Journal.send(fields)
      ledger.state.told += 1
      try ledger.save()
    }
  }

  private func commit() throws(SystemError) {
    ledger.state.isWriting = false
    ledger.state.place[stream] = 1 - ledger.state.place[stream]
    ledger.state.length[stream] = ledger.state.nextLength
    ledger.state.inMidLine[stream] = ledger.state.nextInMidLine
    try ledger.save()
  }

  /// What stands aside, which stays there.
  private func peek(_ count: Int) throws(SystemError) -> [UInt8] {
    guard count > 0 else { return [] }
    guard
      case .bytes(let copied) = try Pipe.copy(
        from: parts.asideReader, to: scratch.writer, limit: count)
    else { throw SystemError(call: "copy what stands aside", errno: EAGAIN) }
    return try Pipe.take(copied, from: scratch.reader)
  }
}
