import FlusterSystem
import Glibc

/// The program at the shim's own path, which may be a newer one by now: it is asked whether it
/// understands what is held here before it takes this process over.
struct Successor {
  /// How long it may think.
  private static let patience: Int64 = 5_000_000_000

  /// As the shim was found when it started: an upgrade puts another file there.
  private let path: String
  private let arguments: [String]

  /// The program of this process, to be started with the arguments it was started with.
  init?(arguments: [String]) {
    var room = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &room, room.count)
    guard count > 0 else { return nil }
    path = String(decoding: room.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    self.arguments = arguments
  }

  /// Runs it to see whether it would take over what `memory` and the files tell. What it says of
  /// that goes where our own errors go.
  func understands(_ memory: Descriptor) throws(SystemError) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // The copy stays open in the child, and there alone.
    let number = memory.raw + 1
    posix_spawn_file_actions_adddup2(&actions, memory.raw, number)
    var pid: pid_t = 0
    let failure = withArguments("--try-inherit", number) { words in
      posix_spawn(&pid, path, &actions, nil, words, environ)
    }
    guard failure == 0 else { throw SystemError(call: "start \(path)", errno: failure) }
    guard let status = Self.end(of: pid) else {
      throw SystemError(call: "hear from \(path)", errno: ETIMEDOUT)
    }
    guard status == 0 else { throw SystemError(call: "have \(path) take over", errno: EPROTO) }
  }

  /// Becomes it. Returns only if that fails.
  func become(_ memory: Descriptor) -> SystemError {
    withArguments("--inherit", memory.raw) { words in _ = execve(path, words, environ) }
    return SystemError.last("execute \(path)")
  }

  @discardableResult
  private func withArguments<Result>(
    _ option: String, _ number: Int32,
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let words: [UnsafeMutablePointer<CChar>?] =
      ([path] + arguments + [option, "\(number)"]).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var vector = words
    return vector.withUnsafeMutableBufferPointer { vector in
      guard let base = vector.baseAddress else {
        preconditionFailure("a vector with a null at its end is not empty")
      }
      return body(base)
    }
  }

  /// The wait status of a child that ends in time; nil, and killed, of one that does not.
  private static func end(of pid: pid_t) -> Int32? {
    var status: Int32 = 0
    if let pidfd = try? PidFD.open(pid: pid) {
      var ready = pollfd(fd: pidfd.raw, events: Int16(POLLIN), revents: 0)
      guard poll(&ready, 1, Int32(patience / 1_000_000)) == 1 else {
        kill(pid, SIGKILL)
        waitpid(pid, &status, 0)
        return nil
      }
    }
    return waitpid(pid, &status, 0) == pid ? status : nil
  }
}
