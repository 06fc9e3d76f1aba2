package import FlusterCore

/// A place in the feed of one store: behind the entry with this number.
package struct FeedCursor: Hashable, Sendable {
  /// Of the store; empty means whichever answers.
  package let store: [UInt8]
  package let sequence: UInt64

  /// Before the oldest entry that is kept, in any store.
  package static let start = FeedCursor(store: [], sequence: 0)

  /// A place behind entry `sequence` of the store with this id.
  package init(store: [UInt8], sequence: UInt64) {
    self.store = store
    self.sequence = sequence
  }

  /// Reads what `text` wrote, or `start`; nil for anything else.
  package init?(text: String) {
    guard text != "start" else {
      self = .start
      return
    }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let store = Self.bytes(hex: parts[0]), store.count == 16,
      !parts[1].hasPrefix("+"), let sequence = UInt64(parts[1])
    else { return nil }
    self.init(store: store, sequence: sequence)
  }

  /// The store in hexadecimal digits, and the number: `0f..e1-1234`.
  package var text: String {
    guard !store.isEmpty else { return "start" }
    let digits = Array("0123456789abcdef".utf8)
    let hex = store.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: hex, as: UTF8.self) + "-\(sequence)"
  }

  private static func bytes(hex: Substring) -> [UInt8]? {
    let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == hex.utf8.count, digits.count % 2 == 0 else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}

extension FeedCursor {
  /// A cursor that came. Throws invalid-argument for one that no feed gave out.
  package init(wire: WireCursor) throws(Refusal) {
    let store = wire.store.array
    guard store.count == 16 || (store.isEmpty && wire.sequence == 0) else {
      throw .invalid("the cursor names a store by \(store.count) bytes instead of 16")
    }
    self.init(store: store, sequence: wire.sequence)
  }
}

extension WireCursor {
  /// A cursor for the wire.
  package init(_ cursor: FeedCursor) {
    self.init()
    store = .of(cursor.store)
    sequence = cursor.sequence
  }
}
