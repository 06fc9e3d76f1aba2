package import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// The lines of --each-line: read through once for what is wrong with them, and again, a part at a
/// time, when they are sent, so that it does not matter how many they are.
package struct EntryList {
  /// Their bytes, with a zero byte for each.
  package let bytes: UInt64
  /// SHA-256 of these.
  package let hash: [UInt8]
  /// How many.
  package let count: UInt32
  private let lines: LineFile

  /// Reads `path`, or standard input if that is "-". What cannot be read twice is copied into a
  /// file without a name.
  ///
  /// Throws not-found, permission, or data for what cannot be lines.
  package init(_ path: String, _ voice: Voice) throws(Failure) {
    guard !path.isEmpty else { throw .usage("--each-line: the file is empty") }
    let lines = try LineFile(path, voice)
    var (count, bytes, hash) = (0, 0, SHA256.Stream())
    var progress = Progress(voice)
    defer { progress.end() }
    try lines.eachPart { (part, lineCount) throws(Failure) in
      count += lineCount
      bytes += part.count
      guard count <= TaskArray.maximumCount else {
        throw Failure(
          .data,
          "\(lines.label) has more lines than the \(TaskArray.maximumCount) tasks of a job",
          wayOut: "submit it in parts, as split(1) makes them")
      }
      guard bytes <= Limit.entries else {
        throw Failure(
          .data, "\(lines.label) is longer than \(Quantity.text(bytes: UInt64(Limit.entries)))",
          wayOut: "submit it in parts, or put what is long into files and list their names")
      }
      hash.add(part)
      progress.reach("read \(count) lines of \(lines.label)")
    }
    guard count > 0 else { throw Failure(.data, "there are no lines in \(lines.label)") }
    (self.count, self.bytes, self.hash) = (UInt32(count), UInt64(bytes), hash.digest)
    self.lines = lines
  }

  /// Sends all of it, before the submit that takes it.
  package func send(over connection: Connection, _ voice: Voice) throws(CallError) {
    var begins = true
    var sent: UInt64 = 0
    var progress = Progress(voice)
    defer { progress.end() }
    var lost: CallError?
    do throws(Failure) {
      try lines.eachPart { (part, _) throws(Failure) in
        guard lost == nil else { return }
        var wire = WireEntries()
        wire.entries = .of(part)
        wire.begin = begins
        begins = false
        do throws(CallError) {
          guard case .done = try connection.call(.entries(wire)) else {
            throw connection.unexpected()
          }
        } catch { lost = error }
        sent += UInt64(part.count)
        progress.reach(
          "sent \(sent * 100 / max(bytes, 1))% of \(Quantity.text(bytes: bytes)) of lines")
      }
    } catch { throw .failed(error) }
    if let lost { throw lost }
  }
}

/// A file of lines that can be read more than once.
private struct LineFile {
  /// In messages.
  let label: String
  private let file: Descriptor
  private let start: Int

  init(_ path: String, _ voice: Voice) throws(Failure) {
    label = path == "-" ? "standard input" : path
    let raw = path == "-" ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else { throw Self.failure(label, errno) }
    let source = Descriptor(adopting: raw)
    var status = stat()
    let isPlain = fstat(raw, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    start = isPlain ? Int(max(0, lseek(raw, 0, SEEK_CUR))) : 0
    file = isPlain ? source : try Self.copy(source, label, voice)
  }

  /// Calls `body` with whole lines, each with a zero byte in the place of its end, and how many.
  func eachPart(
    _ body: (_ part: [UInt8], _ lines: Int) throws(Failure) -> Void
  ) throws(Failure) {
    var (offset, line) = (start, 0)
    var rest: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: Limit.entriesAtOnce)
    while true {
      let count = pread(file.raw, &buffer, buffer.count, off_t(offset))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure(label, errno) }
      guard count > 0 else { break }
      offset += count
      try checkZeros(buffer[..<count], behind: line)
      guard let end = buffer[..<count].lastIndex(of: UInt8(ascii: "\n")) else {
        rest += buffer[..<count]
        try checkLength(rest.count, line)
        continue
      }
      var part = rest + buffer[...end]
      rest = Array(buffer[(end + 1)..<count])
      var (lines, begin) = (0, 0)
      for place in part.indices where part[place] == UInt8(ascii: "\n") {
        try checkLength(place - begin, line + lines)
        part[place] = 0
        (lines, begin) = (lines + 1, place + 1)
      }
      line += lines
      try body(part, lines)
    }
    if !rest.isEmpty { try body(rest + [0], 1) }
  }

  private func checkZeros(_ bytes: ArraySlice<UInt8>, behind line: Int) throws(Failure) {
    guard let place = bytes.firstIndex(of: 0) else { return }
    let before = bytes[..<place].reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    throw Failure(
      .data, "\(label):\(line + before + 1): a zero byte is in the line",
      wayOut: "an argument of a program cannot hold one")
  }

  private func checkLength(_ length: Int, _ line: Int) throws(Failure) {
    guard length > Limit.entry else { return }
    throw Failure(
      .data, "\(label):\(line + 1): the line is longer than \(Limit.entry) bytes",
      wayOut: "put what is long into files and list their names")
  }

  /// A pipe's bytes in a file that goes with its descriptor.
  private static func copy(
    _ source: Descriptor, _ label: String, _ voice: Voice
  ) throws(Failure) -> Descriptor {
    let directory = Environment.variable("TMPDIR") ?? "/tmp"
    var template = "\(directory)/fluster-lines.XXXXXX".utf8CString.map { $0 }
    let raw = mkstemp(&template)
    guard raw >= 0 else {
      let reason = SystemError.reason(errno)
      throw Failure(.tryAgain, "cannot make a file for the lines in \(directory): \(reason)")
    }
    unlink(template)
    let file = Descriptor(adopting: raw)
    var buffer = [UInt8](repeating: 0, count: Limit.entriesAtOnce)
    var total = 0
    var progress = Progress(voice)
    defer { progress.end() }
    while true {
      let count = read(source.raw, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(label, errno) }
      // More than that is refused when it is looked through.
      guard count > 0, total <= Limit.entries else { return file }
      total += count
      do throws(SystemError) {
        try file.write(Array(buffer[..<count]), what: "the lines into \(directory)")
      } catch {
        throw Failure(.tryAgain, "\(error)")
      }
      progress.reach("read \(Quantity.text(bytes: UInt64(total))) of lines from \(label)")
    }
  }

  private static func failure(_ label: String, _ error: Int32) -> Failure {
    let status: ExitStatus = error == EACCES || error == EPERM ? .permission : .notFound
    return Failure(status, "cannot read the lines of \(label): \(SystemError.reason(error))")
  }
}
