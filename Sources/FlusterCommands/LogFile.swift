package import FlusterClient
package import FlusterSystem
import Glibc

/// The output of one attempt as a file that may be growing, and may have had its middle punched
/// out.
package struct LogFile: Sendable {
  private let file: Descriptor
  /// Readable when the file has changed; nil where nothing more will come.
  package let changes: Descriptor?
  /// Where the next piece begins.
  package private(set) var offset: Int64 = 0
  private var isAtLineStart = true

  /// The kernel's lseek(2) for holes; glibc shows these names only to programs that ask for GNU's.
  private static let seekData: Int32 = 3
  private static let seekHole: Int32 = 4

  /// A log that came with its descriptors: it, and maybe an inotify instance.
  package init(_ descriptors: [Descriptor]) throws(Failure) {
    guard let file = descriptors.first else {
      throw Failure(.internal, "flusterd announced a log and sent none")
    }
    self.file = file
    changes = descriptors.count > 1 ? descriptors[1] : nil
  }

  /// The owner's own file, opened with the caller's rights.
  package init(path: [UInt8], follow: Bool) throws(Failure) {
    let name = String(decoding: path, as: UTF8.self)
    let terminated = path.map { CChar(bitPattern: $0) } + [0]
    let raw = open(terminated, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard raw >= 0 else {
      let number = errno
      let status: ExitStatus = number == EACCES || number == EPERM ? .permission : .notFound
      throw Failure(status, "cannot open the output file \(name): \(SystemError.reason(number))")
    }
    file = Descriptor(adopting: raw)
    var status = stat()
    guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(.notFound, "the output went to \(name), which keeps nothing to read")
    }
    guard follow else {
      changes = nil
      return
    }
    let watch = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
    changes = watch >= 0 ? Descriptor(adopting: watch) : nil
    if watch >= 0 { inotify_add_watch(watch, terminated, UInt32(IN_MODIFY | IN_CLOSE_WRITE)) }
  }

  /// Goes to where the last `count` lines begin.
  package mutating func seek(toLast count: UInt64) throws(Failure) {
    var end = try size()
    offset = end
    guard count > 0 else { return }
    var missing = count
    var isFirst = true
    while end > 0 {
      let start = max(0, end - (64 << 10))
      let data = lseek(file.raw, off_t(start), LogFile.seekData)
      if data < 0 || Int64(data) >= end {
        // Nothing is left of this part.
        end = start
        continue
      }
      let bytes = try read(at: start, Int(end - start))
      for place in bytes.indices.reversed() where bytes[place] == UInt8(ascii: "\n") {
        // The newline at the very end closes the last line.
        if isFirst, start + Int64(place) == offset - 1 { continue }
        missing -= 1
        if missing == 0 {
          offset = start + Int64(place) + 1
          return
        }
      }
      isFirst = false
      end = start
    }
    offset = 0
  }

  /// Goes to where a reader stood before.
  package mutating func seek(to offset: Int64) { self.offset = offset }

  /// Prints everything up to the present end.
  mutating func copy() throws(Failure) {
    while let piece = try piece() { try StandardStream.print(piece) }
  }

  /// The next part, at most 256 KiB of it; nil at the present end.
  package mutating func piece() throws(Failure) -> [UInt8]? {
    while true {
      let end = try size()
      if end < offset { offset = 0 }
      guard end > offset else { return nil }
      let data = lseek(file.raw, off_t(offset), LogFile.seekData)
      if data < 0 && errno == ENXIO {
        defer { offset = end }
        return gap(end - offset)
      }
      if data > offset {
        defer { offset = Int64(data) }
        return gap(Int64(data) - offset)
      }
      let bytes = try read(at: offset, 256 << 10)
      guard !bytes.isEmpty else { return nil }
      let whole = wholeLength(bytes.count)
      // Zero: its beginning was punched out meanwhile. The next round sees the gap.
      guard whole > 0 else { continue }
      isAtLineStart = bytes[whole - 1] == UInt8(ascii: "\n")
      offset += Int64(whole)
      return Array(bytes[..<whole])
    }
  }

  /// Takes back what has made `changes` readable.
  package static func drain(_ changes: Descriptor) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while Glibc.read(changes.raw, &buffer, buffer.count) > 0 {}
  }

  /// How many of `count` bytes just read at `offset` were really there and no hole's zeros: asked
  /// after reading, since a hole may have come meanwhile and none ever goes.
  private func wholeLength(_ count: Int) -> Int {
    let data = lseek(file.raw, off_t(offset), LogFile.seekData)
    if data < 0 { return errno == ENXIO ? 0 : count }
    guard Int64(data) == offset else { return 0 }
    let hole = lseek(file.raw, off_t(offset), LogFile.seekHole)
    return hole < 0 ? count : Int(min(Int64(count), Int64(hole) - offset))
  }

  /// In the output itself, where the bytes are missing: a reader of the output must not take what
  /// is left for the whole.
  private mutating func gap(_ count: Int64) -> [UInt8] {
    let start = isAtLineStart ? "" : "\n"
    isAtLineStart = true
    return Array("\(start)[fluster-log: \(count) bytes left out]\n".utf8)
  }

  private func size() throws(Failure) -> Int64 {
    var status = stat()
    guard fstat(file.raw, &status) == 0 else {
      throw Failure(.internal, "cannot read the log: \(SystemError.reason(errno))")
    }
    return Int64(status.st_size)
  }

  private func read(at place: Int64, _ count: Int) throws(Failure) -> [UInt8] {
    var number: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
      while true {
        let got = pread(file.raw, room.baseAddress, count, off_t(place))
        filled = max(0, got)
        number = got < 0 ? errno : 0
        if number != EINTR { return }
      }
    }
    guard number == 0 else {
      throw Failure(.internal, "cannot read the log: \(SystemError.reason(number))")
    }
    return bytes
  }
}
