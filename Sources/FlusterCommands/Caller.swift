package import FlusterClient
package import FlusterProtocol
import FlusterSystem
import Glibc

/// What a submitted job takes over from the process that submits it.
package struct Caller {
  /// The words of the command, as the kernel handed them over.
  package var command: [[UInt8]]
  /// `NAME=value`.
  package var environment: [[UInt8]]
  /// Absolute.
  package var directory: [UInt8]
  package var umask: UInt32
  package var nice: Int32
  package var rlimits: [WireRlimit]

  /// A process with these properties.
  package init(
    command: [[UInt8]], environment: [[UInt8]], directory: [UInt8], umask: UInt32, nice: Int32,
    rlimits: [WireRlimit]
  ) {
    self.command = command
    self.environment = environment
    self.directory = directory
    self.umask = umask
    self.nice = nice
    self.rlimits = rlimits
  }

  /// This process, with what -C says. Throws not-found if that needs the directory it stands in,
  /// and that is gone.
  package static func current(
    command: [[UInt8]], given directory: String? = nil
  ) throws(Failure) -> Caller {
    let here = directory?.hasPrefix("/") == true ? [] : try currentDirectory()
    return Caller(
      command: command, environment: Environment.entries(), directory: here,
      umask: currentUmask(), nice: getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0),
      rlimits: currentRlimits())
  }

  /// The value of a variable; nil if it is not set, or empty.
  func variable(_ name: String) -> String? {
    guard let entry = environment.last(where: { CapturedEnvironment.name(of: $0) == name }) else {
      return nil
    }
    let value = entry.dropFirst(name.utf8.count + 1)
    return value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
  }

  private static func currentDirectory() throws(Failure) -> [UInt8] {
    let path = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { room in
      getcwd(room.baseAddress, room.count).map {
        Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
      }
    }
    guard let path, path.first == UInt8(ascii: "/") else {
      let reason = SystemError.reason(errno)
      throw Failure(
        .notFound, "cannot tell the working directory: \(reason)",
        wayOut: "give an absolute one with -C")
    }
    return path
  }

  private static func currentUmask() -> UInt32 {
    // There is no call that only reads it.
    let mask = Glibc.umask(0)
    _ = Glibc.umask(mask)
    return mask
  }

  /// The limits by the names of setrlimit(2), in the kernel's order.
  static let limitNames = [
    "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks",
    "sigpending", "msgqueue", "nice", "rtprio", "rttime",
  ]

  private static func currentRlimits() -> [WireRlimit] {
    limitNames.enumerated().compactMap { number, name in
      var value = rlimit()
      guard getrlimit(__rlimit_resource_t(number), &value) == 0 else { return nil }
      var limit = WireRlimit()
      limit.name = name
      limit.soft = UInt64(value.rlim_cur)
      limit.hard = UInt64(value.rlim_max)
      return limit
    }
  }
}
