package import FlusterCore
import Glibc

/// A list of entries that is coming in: a file without a name, so that what is never submitted
/// leaves nothing, and costs no memory.
package struct EntryUpload: Sendable {
  /// The entries in it.
  package private(set) var count = 0
  /// Their bytes, each with its zero byte.
  package private(set) var bytes = 0
  private let handle: EntryFile.Handle
  private var hash = SHA256.Stream()

  /// An empty list, in the file system of `directory`.
  package init(directory: String) throws(StoreError) {
    handle = try EntryFile.Handle(directory: directory)
  }

  /// The list of a job of `count` tasks that is stored.
  package init(
    copying job: JobID, count: UInt32, from reader: Reader, directory: String
  ) throws(StoreError) {
    try self.init(directory: directory)
    while self.count < count {
      let block = try reader.entries(of: job, around: UInt32(self.count))
      guard let block, Int(block.first) == self.count, block.count > 0 else {
        throw .damaged(directory, "it has not all entries of job \(job)")
      }
      try append(block.bytes, count: block.count)
    }
  }

  /// SHA-256 of all bytes.
  package var digest: [UInt8] { hash.digest }

  /// What has come, to be stored.
  package var file: EntryFile { EntryFile(handle: handle, bytes: bytes) }

  /// Adds whole entries, of which there are `count`.
  package mutating func append(_ entries: [UInt8], count: Int) throws(StoreError) {
    try handle.write(entries, at: bytes)
    hash.add(entries)
    bytes += entries.count
    self.count += count
  }
}

/// A list of entries on its way into the store. Any thread.
package struct EntryFile: Sendable {
  /// A block of the store has at least so many bytes, but for the last, and ends with an entry.
  static let blockSize = 32 << 10

  fileprivate let handle: Handle
  fileprivate let bytes: Int

  /// Calls `body` with each block and the position of its first entry.
  func eachBlock(
    _ body: (_ first: UInt32, _ block: UnsafeBufferPointer<UInt8>) throws(StoreError) -> Void
  ) throws(StoreError) {
    // A block that is just too short and the longest entry behind it fit, too.
    var buffer = [UInt8](repeating: 0, count: Self.blockSize + (128 << 10))
    var (offset, first) = (0, UInt32(0))
    while offset < bytes {
      let count = try handle.read(at: offset, into: &buffer)
      let least = min(Self.blockSize, count) - 1
      guard least >= 0, let end = buffer[least..<count].firstIndex(of: 0) else {
        throw .damaged(handle.directory, "a list of entries there is not what was written")
      }
      let entries = buffer[...end].reduce(UInt32(0)) { $0 + ($1 == 0 ? 1 : 0) }
      try buffer.withUnsafeBufferPointer { (bytes) throws(StoreError) in
        try body(first, UnsafeBufferPointer(rebasing: bytes[...end]))
      }
      offset += end + 1
      first += entries
    }
  }

  /// The file, which is gone when nobody holds it any more.
  fileprivate final class Handle: Sendable {
    let directory: String
    private let number: Int32

    init(directory: String) throws(StoreError) {
      self.directory = directory
      var template = "\(directory)/entries.XXXXXX".utf8CString.map { $0 }
      let number = mkstemp(&template)
      guard number >= 0 else { throw .system(directory, errno: errno) }
      unlink(template)
      _ = fcntl(number, F_SETFD, FD_CLOEXEC)
      self.number = number
    }

    deinit { close(number) }

    func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
      var written = 0
      while written < bytes.count {
        let result = bytes.withUnsafeBytes { buffer in
          pwrite(
            number, buffer.baseAddress.map { $0 + written }, buffer.count - written,
            off_t(offset + written))
        }
        if result < 0, errno == EINTR { continue }
        guard result > 0 else { throw .system(directory, errno: result < 0 ? errno : ENOSPC) }
        written += result
      }
    }

    func read(at offset: Int, into buffer: inout [UInt8]) throws(StoreError) -> Int {
      var filled = 0
      while filled < buffer.count {
        let result = buffer.withUnsafeMutableBytes { room in
          pread(
            number, room.baseAddress.map { $0 + filled }, room.count - filled,
            off_t(offset + filled))
        }
        if result < 0, errno == EINTR { continue }
        guard result >= 0 else { throw .system(directory, errno: errno) }
        guard result > 0 else { break }
        filled += result
      }
      return filled
    }
  }
}

/// Some entries of a job, as they lie in the store together.
package struct EntryBlock: Sendable {
  /// The position of the first.
  package let first: UInt32
  /// Each with its zero byte.
  let bytes: [UInt8]
  /// Where each ends.
  private let ends: [UInt32]

  init(first: UInt32, bytes: [UInt8]) {
    self.first = first
    self.bytes = bytes
    ends = bytes.indices.filter { bytes[$0] == 0 }.map { UInt32($0) }
  }

  /// How many they are.
  var count: Int { ends.count }

  /// The entry at a position; nil if it is in another block.
  package subscript(position: UInt32) -> [UInt8]? {
    guard position >= first, Int(position - first) < ends.count else { return nil }
    let index = Int(position - first)
    let start = index == 0 ? 0 : Int(ends[index - 1]) + 1
    return Array(bytes[start..<Int(ends[index])])
  }
}
