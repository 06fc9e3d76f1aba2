import CMicrohttpd

/// One request of a browser, from its first line until its answer has been taken or nobody is there
/// to take it.
///
/// Belongs to the loop's thread. libmicrohttpd holds it by its address meanwhile.
final class Visitor {
  /// How far it has come.
  enum Phase {
    /// Its headers have not all come.
    case arriving
    /// It is being put to somebody who may answer at once.
    case asking
    /// Somebody works out the answer; the connection is suspended.
    case waiting
    /// Has its answer, which is still to be written.
    case answered(Response)
    /// Is told what happens, until one of us goes.
    case following(any Stream)
    case over
  }

  unowned let home: Visitors
  let number: UInt64
  let door: Door
  /// What it asked for, as it came.
  let target: [UInt8]
  var request: Request?
  var phase = Phase.arriving
  /// Set when its headers have come.
  var connection: OpaquePointer?
  var isSuspended = false
  /// By when somebody must have answered, on CLOCK_MONOTONIC in nanoseconds.
  var deadline: Int64 = .max
  private var output: [UInt8] = []
  private var written = 0

  /// Where it came in.
  enum Door: Hashable {
    /// Whoever may open the file may ask.
    case file
    /// Any program of this machine, and a browser that a page of somebody else's has sent here:
    /// the names by which it may call us are checked.
    case port
  }

  init(_ number: UInt64, of home: Visitors, at door: Door, asksFor target: [UInt8]) {
    self.home = home
    self.number = number
    self.door = door
    self.target = target
  }

  /// Everything it was given has been written.
  var isIdle: Bool { written == output.count }

  /// Gives it something to write, behind what it has.
  func queue(_ bytes: [UInt8]) {
    if isIdle {
      output = bytes
      written = 0
    } else {
      output += bytes
    }
  }

  /// Moves into `buffer` what fits; the number of bytes.
  func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, output.count - written)
    buffer.copyBytes(from: output[written..<(written + count)])
    written += count
    if isIdle {
      output = []
      written = 0
    }
    return count
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
