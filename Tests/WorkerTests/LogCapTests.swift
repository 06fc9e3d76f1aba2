import FlusterSystem
import FlusterTesting
import Glibc
import Testing

@testable import FlusterWorker

@Suite("the cap of a log")
struct LogCapTests {
  /// A file of numbered lines of 64 bytes, open for reading and writing.
  private func log(in directory: String, lines: Int) throws -> Descriptor {
    let raw = open("\(directory)/log", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    let file = Descriptor(adopting: try #require(raw >= 0 ? raw : nil))
    var text: [UInt8] = []
    for line in 0..<lines {
      let number = Array("\(line) ".utf8)
      text += number + [UInt8](repeating: UInt8(ascii: "x"), count: 63 - number.count)
      text.append(UInt8(ascii: "\n"))
    }
    let written = write(raw, text, text.count)
    try #require(written == text.count)
    return file
  }

  private func look(at file: Descriptor) throws -> stat {
    var status = stat()
    let result = fstat(file.raw, &status)
    try #require(result == 0)
    return status
  }

  private func text(of file: Descriptor, at offset: Int, _ count: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = pread(file.raw, &bytes, count, off_t(offset))
    return String(decoding: bytes.prefix(max(read, 0)), as: UTF8.self)
  }

  @Test("beyond the cap the middle goes, the first and last part and the size stay")
  func punched() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let file = try log(in: directory.path, lines: 40_000)
    fsync(file.raw)
    try LogCap(limit: 1 << 20).enforce(on: file)
    let status = try look(at: file)
    #expect(status.st_size == 40_000 * 64)
    #expect(status.st_blocks * 512 <= 1 << 20 + 8192)
    #expect(text(of: file, at: 0, 2) == "0 ")
    #expect(text(of: file, at: 39_999 * 64, 6) == "39999 ")
    #expect(text(of: file, at: 20_000 * 64, 1) == "\0")
  }

  @Test("a log within the cap is left alone")
  func small() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let file = try log(in: directory.path, lines: 1000)
    fsync(file.raw)
    let before = try look(at: file).st_blocks
    try LogCap(limit: 1 << 20).enforce(on: file)
    #expect(try look(at: file).st_blocks == before)
  }

  @Test("what is left out is whole blocks and never the first or last half of the cap")
  func hole() {
    let cap = LogCap(limit: 1 << 20)
    #expect(cap.hole(size: 1 << 20) == nil)
    #expect(cap.hole(size: 1 << 21) == (1 << 19)..<(3 << 19))
    #expect(cap.hole(size: 1 << 21 + 5)?.upperBound == 3 << 19)
    let most: Range<UInt64> = 4096..<1_044_480
    #expect(LogCap(limit: 1).hole(size: 1 << 20) == most)
  }
}
