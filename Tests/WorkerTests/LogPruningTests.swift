import FlusterSystem
import FlusterTesting
import Glibc
import Testing

@testable import FlusterWorker

@Suite("pruning kept logs")
struct LogPruningTests {
  private let uid = String(repeating: "ab", count: 16)
  private let spared = String(repeating: "cd", count: 16)

  @Test("what is old and is a log goes; young ones, those of held attempts and others stay")
  func prune() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    let old = ["\(uid).log", "\(uid).err", "\(spared).log", "notes.log", "\(uid).txt"]
    let young = [String(repeating: "ef", count: 16) + ".log"]
    for name in old + young {
      let path = "\(directory.path)/\(name)"
      close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
      guard old.contains(name) else { continue }
      let times = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
      let result = utimensat(AT_FDCWD, path, times, 0)
      try #require(result == 0)
    }
    LogPruning(
      directory: directory.path, oldest: Clock.wallMilliseconds() - 60_000, spared: [spared]
    ).run()
    let left = try Files.names(in: directory.path)
    #expect(left == ["\(uid).txt", "\(spared).log", young[0], "notes.log"])
  }
}
