import Glibc

/// A place that cannot be found out or must not be used: a sentence, and below it the way out.
package struct PlaceError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  /// An error with its whole text.
  package init(_ description: String) { self.description = description }
}

/// Where an instance of Fluster keeps its sockets, state, logs and configuration.
package struct Places: Hashable, Sendable {
  /// The two kinds of instance: the machine's, and one for each user.
  package enum Instance: Hashable, Sendable {
    case user, system
  }

  package let instance: Instance
  /// The directory of the sockets.
  package let runtime: String
  /// The directory of the controller's store.
  package let state: String
  /// The directory of the kept output of jobs.
  package let log: String
  /// The path of `fluster.conf`; its drop-ins are in the directory named after it, plus `.d`.
  package let configuration: String

  package var controlSocket: String { "\(runtime)/control.sock" }
  package var workerSocket: String { "\(runtime)/worker.sock" }
  package var shimSocket: String { "\(runtime)/shim.sock" }
  /// The directory in which the shim keeps one small file for each attempt.
  package var shimState: String { "\(runtime)/shim" }

  /// Where commands look for an instance of the calling user.
  ///
  /// The directories that systemd made for the unit around a command are that unit's, and say
  /// nothing of Fluster. Without an `environment` that of the process is used.
  package static func of(
    _ instance: Instance, environment: [String: String]? = nil
  ) throws(PlaceError) -> Places {
    let variable = lookUp(environment)
    switch instance {
    case .system:
      return Places(
        instance: instance, runtime: "/run/fluster", state: "/var/lib/fluster",
        log: "/var/log/fluster", configuration: "/etc/fluster/fluster.conf")
    case .user:
      let user = UserPlaces(variable: variable)
      let state = try user.state()
      return Places(
        instance: instance, runtime: user.runtime(), state: state, log: "\(state)/log",
        configuration: try user.configuration())
    }
  }

  /// Where a daemon of the instance works: `RUNTIME_DIRECTORY`, `STATE_DIRECTORY` and
  /// `LOGS_DIRECTORY` of its own unit (the first of each, where there are several) win over the
  /// usual places.
  package static func ofDaemon(
    _ instance: Instance, environment: [String: String]? = nil
  ) throws(PlaceError) -> Places {
    let usual = try of(instance, environment: environment)
    let variable = lookUp(environment)
    let given = { (name: String) -> String? in
      variable(name)?.split(separator: ":").first.map(String.init)
    }
    let state = given("STATE_DIRECTORY")
    let log: String =
      switch instance {
      case .system: usual.log
      case .user: state.map { "\($0)/log" } ?? usual.log
      }
    return Places(
      instance: instance, runtime: given("RUNTIME_DIRECTORY") ?? usual.runtime,
      state: state ?? usual.state, log: given("LOGS_DIRECTORY") ?? log,
      configuration: usual.configuration)
  }

  /// Reads `environment`, else that of the process; what is empty is not there.
  private static func lookUp(_ environment: [String: String]?) -> (String) -> String? {
    { name in
      let value = environment.map { $0[name] } ?? Environment.variable(name)
      return value.flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  /// Makes what is missing of the runtime and state directories of a user instance, and refuses a
  /// runtime directory that others could have prepared. A system instance's must be there.
  package func prepareRuntime() throws(PlaceError) {
    switch instance {
    case .system:
      guard Files.isDirectory(runtime) else {
        throw PlaceError(
          """
          runtime directory \(runtime) does not exist
          run systemd-tmpfiles --create, or make it, owned by root with mode 0755
          """)
      }
    case .user:
      try make(runtime, what: "runtime")
      try makePrivate(runtime, what: "runtime")
      try prepareState()
    }
  }

  /// Makes the state directory, 0700, if it is missing. For the program that owns it.
  package func prepareState() throws(PlaceError) {
    do throws(SystemError) {
      try Files.makeDirectories(state, mode: 0o700)
    } catch {
      let variable =
        switch instance {
        case .system: "STATE_DIRECTORY"
        case .user: "XDG_STATE_HOME"
        }
      throw PlaceError("state directory: \(error)\nset \(variable) to one that you may write")
    }
  }

  private func make(_ path: String, what: String) throws(PlaceError) {
    guard mkdir(path, 0o700) != 0, Glibc.errno != EEXIST else { return }
    let reason = SystemError.reason(Glibc.errno)
    throw PlaceError(
      """
      cannot make \(what) directory \(path): \(reason)
      set XDG_RUNTIME_DIR to a directory of your own with mode 0700
      """)
  }

  /// Whether the runtime directory of a user instance is the caller's. In /tmp anybody could have
  /// made one under its name, with a socket that takes what is meant for the caller's flusterd.
  ///
  /// Throws if it is the caller's and others may change it, too.
  package func ownsRuntime() throws(PlaceError) -> Bool {
    var status = stat()
    guard lstat(runtime, &status) == 0, status.st_uid == geteuid() else { return false }
    if status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o022 == 0 { return true }
    try makePrivate(runtime, what: "runtime")
    return true
  }

  /// Refuses what is not a real directory of the caller with mode 0700. In /tmp anybody could have
  /// made it first, or a link in its place, and would then own our sockets.
  private func makePrivate(_ path: String, what: String) throws(PlaceError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      throw PlaceError("\(what) directory \(SystemError.last(path))")
    }
    let obstacle: String
    if status.st_mode & S_IFMT != S_IFDIR {
      obstacle = "is not a directory"
    } else if status.st_uid != geteuid() {
      obstacle = "belongs to uid \(status.st_uid)"
    } else if status.st_mode & 0o7777 != 0o700 {
      obstacle = "has mode 0\(String(status.st_mode & 0o7777, radix: 8)) instead of 0700"
    } else {
      return
    }
    throw PlaceError(
      """
      \(what) directory \(path) \(obstacle)
      remove it, or set XDG_RUNTIME_DIR to a directory of your own with mode 0700
      """)
  }
}

/// The usual places of a user, by the XDG base directory rules.
private struct UserPlaces {
  let variable: (String) -> String?

  func runtime() -> String {
    if let base = absolute("XDG_RUNTIME_DIR") { return "\(base)/fluster" }
    let uid = geteuid()
    let usual = "/run/user/\(uid)"
    return Files.isDirectory(usual) ? "\(usual)/fluster" : "/tmp/fluster-\(uid)"
  }

  func state() throws(PlaceError) -> String {
    if let base = absolute("XDG_STATE_HOME") { return "\(base)/fluster" }
    return try "\(home())/.local/state/fluster"
  }

  func configuration() throws(PlaceError) -> String {
    if let base = absolute("XDG_CONFIG_HOME") { return "\(base)/fluster/fluster.conf" }
    return try "\(home())/.config/fluster/fluster.conf"
  }

  /// The rules say that a relative path in these variables is to be ignored.
  private func absolute(_ name: String) -> String? {
    variable(name).flatMap { $0.hasPrefix("/") ? $0 : nil }
  }

  private func home() throws(PlaceError) -> String {
    if let home = absolute("HOME") { return home }
    let uid = geteuid()
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    let home = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1 << 16) { room in
      guard let start = room.baseAddress,
        getpwuid_r(uid, &entry, start, room.count, &found) == 0, found != nil
      else { return String?.none }
      return entry.pw_dir.map { String(cString: $0) }
    }
    guard let home, home.hasPrefix("/") else {
      throw PlaceError("uid \(uid) has no home directory\nset HOME")
    }
    return home
  }
}
