import Glibc

/// Bytes of one stream as lines: those that are whole, and what a line to come begins with.
struct OutputLines {
  /// The most bytes of a line that are one entry of the journal, as journald has it.
  static let longest = 48 << 10

  /// Why a piece ends where it does.
  enum End {
    /// With its line feed.
    case line
    /// The line is too long, and goes on in the next piece.
    case split
    /// The stream has ended without a line feed.
    case stream
  }

  struct Piece {
    let range: Range<Int>
    let end: End
  }

  let text: [UInt8]
  let pieces: [Piece]
  /// Where the line begins that is not whole yet.
  let rest: Int

  /// Cuts the text up; with the stream at its end nothing is left over.
  init(_ text: [UInt8], isEnd: Bool) {
    self.text = text
    var pieces: [Piece] = []
    var start = 0
    text.withUnsafeBytes { bytes in
      while start < bytes.count {
        let window = min(bytes.count - start, Self.longest + 1)
        let feed = bytes.baseAddress.flatMap { memchr($0 + start, 0x0a, window) }
        let end: Int
        if let feed, let base = bytes.baseAddress {
          end = UnsafeRawPointer(feed) - base + 1
          pieces.append(Piece(range: start..<end, end: .line))
        } else if bytes.count - start >= Self.longest {
          end = start + Self.longest
          pieces.append(Piece(range: start..<end, end: .split))
        } else {
          guard isEnd else { break }
          end = bytes.count
          pieces.append(Piece(range: start..<end, end: .stream))
        }
        start = end
      }
    }
    self.pieces = pieces
    rest = start
  }

  /// The line that the last piece belongs to goes on.
  var endsInMidLine: Bool { pieces.last?.end == .split }

  /// What the log gets: the bytes as they are or, with a stamp, one before each line that begins
  /// here; the first does not if `inMidLine`.
  func logged(stamp: [UInt8]?, inMidLine: Bool) -> [UInt8] {
    guard let stamp else { return Array(text[..<rest]) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(rest + pieces.count * stamp.count)
    var isInside = inMidLine
    for piece in pieces {
      if !isInside { bytes.append(contentsOf: stamp) }
      bytes.append(contentsOf: text[piece.range])
      isInside = piece.end == .split
    }
    return bytes
  }

  /// The stamp of a line: RFC 3339 in UTC with milliseconds, and a blank.
  static func stamp(wall milliseconds: Int64) -> [UInt8] {
    var seconds = time_t(milliseconds / 1000)
    var date = tm()
    gmtime_r(&seconds, &date)
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let parts = [
      digits(Int(date.tm_year) + 1900, 4), "-", digits(Int(date.tm_mon) + 1, 2), "-",
      digits(Int(date.tm_mday), 2), "T", digits(Int(date.tm_hour), 2), ":",
      digits(Int(date.tm_min), 2), ":", digits(Int(date.tm_sec), 2), ".",
      digits(Int(milliseconds % 1000), 3), "Z ",
    ]
    return Array(parts.joined().utf8)
  }
}
