import FlusterSystem
import FlusterSystemd

/// One connection of a browser: bytes to requests and answers to bytes.
///
/// It reads nothing while it answers, so what it holds is bounded by one head and one answer.
/// Belongs to the loop's thread.
final class Visitor {
  /// What it is doing.
  enum Phase {
    /// Waits for a request, or for the rest of one.
    case reading
    /// Somebody works out the answer.
    case waiting
    /// Writes it.
    case answering(thenReads: Bool)
    /// Is told what happens, until one of us goes.
    case following(any Stream)
  }

  /// Where it came in.
  enum Door: Hashable {
    /// Whoever may open the file may ask.
    case file
    /// Any program of this machine, and a browser that a page of somebody else's has sent here:
    /// the names by which it may call us are checked.
    case port
  }

  let number: UInt64
  let door: Door
  let socket: Descriptor
  var source: Source?
  var phase = Phase.reading
  var input: [UInt8] = []
  /// By when it must have got further, on CLOCK_MONOTONIC in nanoseconds.
  var deadline: Int64
  private var output: [UInt8] = []
  private var written = 0

  init(_ number: UInt64, _ socket: Descriptor, at door: Door, deadline: Int64) {
    self.number = number
    self.socket = socket
    self.door = door
    self.deadline = deadline
  }

  /// Everything it was given has been written.
  var isIdle: Bool { written == output.count }

  /// Gives it something to write.
  func queue(_ bytes: [UInt8]) {
    if isIdle {
      output = bytes
      written = 0
    } else {
      output += bytes
    }
  }

  /// Reads what has come, up to the size of the buffer; false when there will be no more.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard let received = try? Transfer.receive(into: buffer, from: socket) else { return false }
    switch received {
    case .closed: return false
    case .wouldBlock: return true
    case .data(let count, descriptors: _, truncated: _):
      switch phase {
      case .reading: input += buffer[..<count]
      // Pipelined, or idle talk: what is not read now is not kept beyond a head.
      case .waiting, .answering, .following:
        guard input.count + count <= RequestHead.mostBytes else { return false }
        input += buffer[..<count]
      }
      return true
    }
  }

  /// Writes what it takes now; nil when it is gone, else whether anything went.
  func flush() -> Bool? {
    var hasWritten = false
    while written < output.count {
      let sent = output.withUnsafeBytes { bytes in
        try? Transfer.send(UnsafeRawBufferPointer(rebasing: bytes[written...]), to: socket)
      }
      switch sent {
      case .bytes(let count):
        written += count
        hasWritten = true
      case .wouldBlock: return hasWritten
      case .closed, nil: return nil
      }
    }
    output = []
    written = 0
    return hasWritten
  }

  /// Sets what the loop watches it for. Its going is seen while it waits, too.
  func updateInterest() {
    let interest: Interest = isIdle ? .readable : [.readable, .writable]
    if let source, source.interest != interest { source.interest = interest }
  }

  /// The socket closes with the last reference.
  func cancel() {
    source?.cancel()
    source = nil
  }
}

/// What a visitor follows. It is asked for more only when everything before has been written, so
/// that a slow reader costs nothing but what it misses. Belongs to the loop's thread.
protocol Stream: AnyObject {
  /// The next events, as they go over the wire; nil when there is nothing new. `isOver`: nothing
  /// will come after them.
  func next() -> (bytes: [UInt8], isOver: Bool)?

  /// The visitor has gone.
  func end()
}
