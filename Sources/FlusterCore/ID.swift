/// The number of a job. It only grows and is never used again.
package struct JobID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let number: UInt64

  /// Wraps a number that the controller gave out.
  package init(_ number: UInt64) { self.number = number }

  package static func < (a: JobID, b: JobID) -> Bool { a.number < b.number }

  package var description: String { String(number) }
}

/// A task: its job and its position among the job's tasks, counted from 0.
///
/// Positions are dense whatever indices the user chose: `TaskArray.index(of:)` gives the index that
/// people see.
package struct TaskID: Hashable, Comparable, Sendable {
  package let job: JobID
  package let position: UInt32

  /// Names the task at `position` of `job`.
  package init(_ job: JobID, _ position: UInt32) {
    self.job = job
    self.position = position
  }

  package static func < (a: TaskID, b: TaskID) -> Bool {
    (a.job, a.position) < (b.job, b.position)
  }
}

/// The random 128-bit name of one attempt; the only thing that routes messages about it.
package struct AttemptUID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  /// Wraps two random words.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads 16 big-endian bytes; nil if there are not 16.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    // At once, not byte by byte: every message has some, and this is generic code.
    let uid = bytes.withContiguousStorageIfAvailable { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      return AttemptUID(
        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
    guard let uid = uid ?? AttemptUID(bytes: Array(bytes)) else { return nil }
    self = uid
  }

  /// Reads 32 hexadecimal digits; nil for anything else.
  package init?(hex: String) {
    let digits = Array(hex.utf8)
    guard digits.count == 32, let text = String(validating: digits, as: UTF8.self),
      let high = UInt64(text.prefix(16), radix: 16),
      let low = UInt64(text.suffix(16), radix: 16),
      !digits.contains(UInt8(ascii: "+")), !digits.contains(UInt8(ascii: "-"))
    else { return nil }
    self.init(high: high, low: low)
  }

  /// 16 big-endian bytes.
  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 16) { bytes, count in
      let bytes = UnsafeMutableRawBufferPointer(bytes)
      bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
      bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      count = 16
    }
  }

  package static func < (a: AttemptUID, b: AttemptUID) -> Bool {
    (a.high, a.low) < (b.high, b.low)
  }

  /// 32 lower-case hexadecimal digits.
  package var description: String {
    [high, low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}

/// The name a worker registered with.
package struct WorkerID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let name: String

  /// Wraps a name.
  package init(_ name: String) { self.name = name }

  package static func < (a: WorkerID, b: WorkerID) -> Bool { a.name < b.name }

  package var description: String { name }
}

/// A uid, as the kernel told it.
package struct UserID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let number: UInt32

  /// Wraps a uid.
  package init(_ number: UInt32) { self.number = number }

  /// The superuser, who may touch everything.
  package static let root = UserID(0)

  package static func < (a: UserID, b: UserID) -> Bool { a.number < b.number }

  package var description: String { String(number) }
}

/// Names one open request of one client; the shell knows which.
package struct RequestID: Hashable, Sendable {
  package let number: UInt64

  /// Wraps a number the shell chose; never used twice.
  package init(_ number: UInt64) { self.number = number }
}

/// A client's idempotency token: 128 random bits, meaningful per uid.
package struct Token: Hashable, Sendable {
  package let value: AttemptUID

  /// Reads 16 bytes; nil if there are not 16.
  package init?(bytes: some Collection<UInt8>) {
    guard let value = AttemptUID(bytes: bytes) else { return nil }
    self.value = value
  }

  /// 16 big-endian bytes.
  package var bytes: [UInt8] { value.bytes }
}
