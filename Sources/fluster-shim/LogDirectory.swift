import CFluster
import FlusterSystem
import Glibc

/// The directory of the kept logs. In the system instance it belongs to the worker, so nothing in
/// it is trusted: files are made anew, never followed, and an old one is opened only if it is the
/// attempt owner's alone.
struct LogDirectory {
  let path: String
  /// The group that may read the logs; nil: as it comes.
  let group: UInt32?
  /// Whether files are given to other users, which needs root.
  let givesAway: Bool

  /// A log that was made: `kept` to be handed to the worker, `output` for the job.
  struct Log {
    let kept: Descriptor
    let output: Descriptor
  }

  /// Makes the log of an attempt.
  func create(
    _ uid: [UInt8], errors: Bool, owner: UInt32
  ) throws(SystemError) -> Log {
    let name = ShimSpawn.logName(of: uid, errors: errors)
    let directory = try open()
    let flags = O_RDWR | O_CREAT | O_EXCL | O_APPEND
    let raw = fl_open_beneath(directory.raw, name, flags, 0o640)
    guard raw >= 0 else { throw SystemError(call: "create \(path)/\(name)", errno: -raw) }
    let kept = Descriptor(adopting: raw)
    // Given away last: until then it takes no privilege. Not a duplicate, for the job may change
    // the flags of its own descriptor, not of ours.
    var output: Int32 = -1
    if fchmod(raw, 0o640) == 0 {
      output = Glibc.open("/proc/self/fd/\(raw)", O_WRONLY | O_APPEND | O_CLOEXEC)
    }
    let log = output < 0 ? nil : Log(kept: kept, output: Descriptor(adopting: output))
    guard let log, !givesAway || fchown(raw, owner, group ?? UInt32.max) == 0 else {
      let failure = SystemError.last("hand \(path)/\(name) to uid \(owner)")
      unlinkat(directory.raw, name, 0)
      throw failure
    }
    return log
  }

  /// Opens the log of an attempt that is over; nil if there is none that is what it should be.
  func reopen(_ uid: [UInt8], errors: Bool, owner: UInt32) -> Descriptor? {
    let name = ShimSpawn.logName(of: uid, errors: errors)
    guard let directory = try? open() else { return nil }
    let raw = fl_open_beneath(directory.raw, name, O_RDWR | O_APPEND | O_NONBLOCK, 0)
    guard raw >= 0 else { return nil }
    let file = Descriptor(adopting: raw)
    var status = stat()
    // The owner of the directory could have put anything here under this name, by a hard link too.
    guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1,
      status.st_uid == owner
    else { return nil }
    return file
  }

  /// Removes the log of an attempt that never started.
  func remove(_ uid: [UInt8], errors: Bool) {
    guard let directory = try? open() else { return }
    unlinkat(directory.raw, ShimSpawn.logName(of: uid, errors: errors), 0)
  }

  private func open() throws(SystemError) -> Descriptor {
    let raw = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard raw >= 0 else { throw SystemError.last("open \(path)") }
    return Descriptor(adopting: raw)
  }
}
