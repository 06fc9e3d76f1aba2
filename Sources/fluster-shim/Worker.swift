import CFluster
import FlusterSystem
import Glibc

/// Who the worker of this shim may be, besides root.
struct Worker {
  private static let name = "fluster-worker"

  let uid: UInt32
  /// The group that may read kept logs; nil: none of its own.
  let gid: UInt32?

  /// In a user instance the caller; else the uid of the flag, else the user called fluster-worker.
  static func find(_ options: Options) throws(Refusal) -> Worker {
    if options.instance == .user { return Worker(uid: geteuid(), gid: nil) }
    var pid: Int32 = 0
    var raw: Int32 = -1
    let failure: Int32
    if let uid = options.workerUID {
      failure = fl_look_up_groups(uid, &pid, &raw)
    } else {
      failure = fl_look_up_user(name, &pid, &raw)
    }
    guard failure == 0 else {
      throw .machine(SystemError(call: "look the worker's user up", errno: failure))
    }
    let numbers = Owners.numbers(of: answer(Descriptor(adopting: raw)))
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
    if let uid = options.workerUID { return Worker(uid: uid, gid: numbers.first) }
    guard numbers.count == 2 else {
      throw .configuration(
        "there is no user \(name)\nrun systemd-sysusers, or say --worker-uid UID")
    }
    return Worker(uid: numbers[0], gid: numbers[1])
  }

  /// What the look-up says within five seconds; there is no loop yet.
  private static func answer(_ descriptor: Descriptor) -> [UInt8] {
    let end = Clock.monotonicNanoseconds() + 5_000_000_000
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let rest = (end - Clock.monotonicNanoseconds()) / 1_000_000
      var ready = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
      guard rest > 0, poll(&ready, 1, Int32(rest)) > 0 else { return [] }
      let count = read(descriptor.raw, &chunk, chunk.count)
      if count <= 0 { return count == 0 ? bytes : [] }
      bytes += chunk.prefix(count)
    }
  }
}
