import CSQLite
import FlusterCore

/// The parameters of a statement, given from left to right.
struct Parameters {
  private let statement: OpaquePointer
  private var index: Int32 = 0
  /// The first thing that went wrong, such as a string that is too long.
  private(set) var failure: Int32 = SQLITE_OK

  init(_ statement: OpaquePointer) { self.statement = statement }

  mutating func put(_ value: Int64) {
    index += 1
    note(sqlite3_bind_int64(statement, index, value))
  }

  mutating func put(_ value: Int64?) {
    if let value { put(value) } else { putNothing() }
  }

  /// Numbers above the largest signed one are stored as the negative one with the same bits.
  mutating func put(_ value: UInt64) { put(Int64(bitPattern: value)) }

  mutating func put(_ value: UInt64?) { put(value.map { Int64(bitPattern: $0) }) }

  mutating func put(_ value: UInt32) { put(Int64(value)) }

  mutating func put(_ value: UInt32?) { put(value.map { Int64($0) }) }

  mutating func put(_ value: Bool) { put(Int64(value ? 1 : 0)) }

  mutating func put(_ value: String?) {
    guard var value else { return putNothing() }
    index += 1
    let index = index
    // No bytes at all must still be an empty text and not NULL.
    guard !value.isEmpty else {
      return note(sqlite3_bind_text(statement, index, "", 0, Self.copied))
    }
    note(
      value.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { text in
          sqlite3_bind_text(
            statement, index, text.baseAddress, Int32(clamping: text.count), Self.copied)
        }
      })
  }

  mutating func put(_ value: [UInt8]?) {
    guard let value else { return putNothing() }
    index += 1
    guard !value.isEmpty else { return note(sqlite3_bind_zeroblob(statement, index, 0)) }
    let index = index
    note(
      value.withUnsafeBufferPointer { bytes in
        sqlite3_bind_blob64(
          statement, index, bytes.baseAddress, UInt64(bytes.count), Self.copied)
      })
  }

  /// 16 bytes, without an array on the way.
  mutating func put(_ uid: AttemptUID) {
    index += 1
    let index = index
    let words: [2 of UInt64] = [uid.high.bigEndian, uid.low.bigEndian]
    note(
      words.span.withUnsafeBytes { bytes in
        sqlite3_bind_blob(statement, index, bytes.baseAddress, 16, Self.copied)
      })
  }

  /// Lends bytes that outlive the run of the statement; they are not copied.
  mutating func put(lent bytes: UnsafeBufferPointer<UInt8>) {
    index += 1
    guard !bytes.isEmpty else { return note(sqlite3_bind_zeroblob(statement, index, 0)) }
    note(sqlite3_bind_blob64(statement, index, bytes.baseAddress, UInt64(bytes.count), nil))
  }

  mutating func putNothing() {
    index += 1
    note(sqlite3_bind_null(statement, index))
  }

  private mutating func note(_ code: Int32) {
    if failure == SQLITE_OK { failure = code }
  }

  /// SQLITE_TRANSIENT: SQLite takes a copy at once.
  private static var copied: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }
}
