import CSQLite

/// One row of an answer, read from left to right.
///
/// What cannot have been written (a state that does not exist, a number out of range) reads as
/// something harmless and clears `isSound`, which the statement turns into an error: decoding a
/// million rows then needs no `try`.
struct Row {
  private let statement: OpaquePointer
  private var column: Int32 = -1
  /// Whether all that was read so far made sense.
  private(set) var isSound = true

  init(_ statement: OpaquePointer) { self.statement = statement }

  mutating func integer() -> Int64 {
    column += 1
    return sqlite3_column_int64(statement, column)
  }

  mutating func optionalInteger() -> Int64? {
    column += 1
    guard sqlite3_column_type(statement, column) != SQLITE_NULL else { return nil }
    return sqlite3_column_int64(statement, column)
  }

  /// Leaves columns unread.
  mutating func skip(_ count: Int32) { column += count }

  mutating func word() -> UInt64 { UInt64(bitPattern: integer()) }

  mutating func optionalWord() -> UInt64? { optionalInteger().map { UInt64(bitPattern: $0) } }

  mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number {
    checked(Number(exactly: integer()), otherwise: 0)
  }

  mutating func optionalNumber<Number: FixedWidthInteger>(
    _: Number.Type = Number.self
  ) -> Number? {
    guard let value = optionalInteger() else { return nil }
    return checked(Number(exactly: value), otherwise: 0)
  }

  mutating func flag() -> Bool { integer() != 0 }

  mutating func text() -> String { optionalText() ?? "" }

  mutating func optionalText() -> String? {
    column += 1
    guard let text = sqlite3_column_text(statement, column) else { return nil }
    let count = Int(sqlite3_column_bytes(statement, column))
    return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
  }

  mutating func bytes() -> [UInt8] { withBytes { Array($0) } }

  /// Passes over a blob with nothing in it, or NULL, which need not be unpacked; false: it is still
  /// to be read.
  mutating func skipIfEmpty() -> Bool {
    guard sqlite3_column_bytes(statement, column + 1) == 0 else { return false }
    column += 1
    return true
  }

  /// Lends the bytes of a blob, which may be none.
  mutating func withBytes<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
    column += 1
    let start = sqlite3_column_blob(statement, column)?.assumingMemoryBound(to: UInt8.self)
    let count = start == nil ? 0 : Int(sqlite3_column_bytes(statement, column))
    return body(UnsafeBufferPointer(start: start, count: count))
  }

  /// `value`, or what stands for it in a row that is not sound.
  mutating func checked<Value>(_ value: Value?, otherwise: @autoclosure () -> Value) -> Value {
    if let value { return value }
    isSound = false
    return otherwise()
  }
}
