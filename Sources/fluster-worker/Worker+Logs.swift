import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// Logs for those who want to read them: descriptors, never bytes.
extension Worker {
  /// OpenLog, from flusterd, which has seen to it that the reader may.
  func open(_ wire: WireOpenLog, _ request: UInt64) {
    do throws(Refusal) {
      let uid = try AttemptUID(wire: wire.uid.array)
      var opened = WireOpenedLog()
      opened.attempt = wire.attempt
      opened.ended = !agent.isActive(uid)
      var descriptors: [Descriptor] = []
      if let file = try reading(uid, errors: wire.stderr) {
        descriptors.append(file)
        if wire.follow, agent.isActive(uid), let watch = LogFile.watch(file) {
          descriptors.append(watch)
        }
      } else {
        opened.pending = true
      }
      opened.descriptors = UInt32(descriptors.count)
      controller?.send(
        WireEnvelope(request: request, .openedLog(opened)), descriptors: descriptors)
    } catch {
      controller?.send(WireEnvelope(request: request, error))
    }
  }

  /// The log, read only; nil if the attempt has not come far enough to have one.
  private func reading(_ uid: AttemptUID, errors: Bool) throws(Refusal) -> Descriptor? {
    let name = ShimSpawn.logName(of: uid.bytes, errors: errors)
    do throws(SystemError) {
      if let file = logs.file(of: uid.bytes, errors: errors) { return try LogFile.reopen(file) }
      return try LogFile.open("\(places.log)/\(name)")
    } catch {
      guard !agent.isComing(uid) else { return nil }
      guard error.errno == ENOENT else {
        throw Refusal(.internal, "the log of attempt \(uid) cannot be opened: \(error)")
      }
      throw Refusal(
        .notFound, "no log of attempt \(uid) is kept",
        wayOut: "old logs go after the time that KeepLogs= in fluster.conf(5) says")
    }
  }
}

/// Kept logs, opened to be read by others.
enum LogFile {
  /// A read-only descriptor of an open log, with a position of its own.
  static func reopen(_ file: Descriptor) throws(SystemError) -> Descriptor {
    let raw = Glibc.open("/proc/self/fd/\(file.raw)", O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else { throw SystemError.last("open a log again") }
    return Descriptor(adopting: raw)
  }

  /// Opens a log by path. What is no regular file there is treated as if there was nothing.
  static func open(_ path: String) throws(SystemError) -> Descriptor {
    let raw = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard raw >= 0 else { throw SystemError.last("open \(path)") }
    let file = Descriptor(adopting: raw)
    var status = stat()
    guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw SystemError(call: "open \(path)", errno: ENOENT)
    }
    return file
  }

  /// An inotify instance that tells of every write to the file; nil if there can be none, and the
  /// reader must look again from time to time.
  static func watch(_ file: Descriptor) -> Descriptor? {
    let raw = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    guard raw >= 0 else { return nil }
    let watch = Descriptor(adopting: raw)
    let mask = UInt32(IN_MODIFY | IN_CLOSE_WRITE)
    guard inotify_add_watch(raw, "/proc/self/fd/\(file.raw)", mask) >= 0 else { return nil }
    return watch
  }
}
