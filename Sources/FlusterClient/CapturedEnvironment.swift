/// The part of the caller's environment that goes with a job.
package struct CapturedEnvironment: Hashable, Sendable {
  /// How much is taken.
  package enum Extent: String, Sendable, CaseIterable {
    /// All, less what belongs to a terminal or session, and less what looks like a secret.
    case all
    /// What a login would set.
    case minimal
    case none
  }

  /// `NAME=value`, in the caller's order.
  package private(set) var entries: [[UInt8]] = []
  /// Names that were left out because they look like secrets.
  package private(set) var withheld: [String] = []

  /// Takes the caller's entries as far as `extent` goes, then what `-e` names: `NAME=VALUE`, or
  /// `NAME` for the caller's own value. Throws usage for an `-e` that names nothing.
  package init(
    of caller: [[UInt8]], extent: Extent, named words: [String]
  ) throws(Failure) {
    for entry in caller {
      guard let name = CapturedEnvironment.name(of: entry) else { continue }
      switch extent {
      case .none: continue
      case .minimal:
        if CapturedEnvironment.isMinimal(name) { entries.append(entry) }
      case .all:
        if CapturedEnvironment.isOfSession(name) { continue }
        if CapturedEnvironment.isSecret(name) {
          withheld.append(name)
        } else {
          entries.append(entry)
        }
      }
    }
    for word in words { try add(word, from: caller) }
    withheld.removeAll { name in entries.contains { CapturedEnvironment.name(of: $0) == name } }
  }

  /// Sets one variable, whatever was there.
  package mutating func set(_ name: String, _ value: [UInt8]) {
    entries.removeAll { CapturedEnvironment.name(of: $0) == name }
    entries.append(Array("\(name)=".utf8) + value)
  }

  /// The entries as they travel: each ended by a zero byte.
  package var block: [UInt8] { entries.flatMap { $0 + [0] } }

  /// Whether there is an entry for `name`.
  package func holds(_ name: String) -> Bool {
    entries.contains { CapturedEnvironment.name(of: $0) == name }
  }

  private mutating func add(_ word: String, from caller: [[UInt8]]) throws(Failure) {
    let name = String(word.prefix { $0 != "=" })
    guard !name.isEmpty else { throw .usage("-e: \"\(word)\" names no variable") }
    if word.contains("=") { return set(name, Array(word.utf8.dropFirst(name.utf8.count + 1))) }
    guard let entry = caller.last(where: { CapturedEnvironment.name(of: $0) == name }) else {
      throw .usage(
        "-e: there is no variable \(name) in the environment", wayOut: "give it: -e \(name)=VALUE")
    }
    set(name, Array(entry.dropFirst(name.utf8.count + 1)))
  }

  /// The name of an entry; nil for what is no `NAME=value`.
  package static func name(of entry: [UInt8]) -> String? {
    guard let end = entry.firstIndex(of: UInt8(ascii: "=")), end > 0 else { return nil }
    return String(decoding: entry[..<end], as: UTF8.self)
  }

  static func isSecret(_ name: String) -> Bool {
    // As bytes: the search for strings within strings took longer than connecting does.
    let upper = Array(name.uppercased().utf8)
    return ["TOKEN", "SECRET", "PASSWORD"].contains { word in
      upper.indices.contains { upper[$0...].starts(with: word.utf8) }
    }
  }

  private static func isMinimal(_ name: String) -> Bool {
    ["HOME", "LOGNAME", "USER", "SHELL", "PATH", "LANG", "LANGUAGE", "TZ"].contains(name)
      || name.hasPrefix("LC_")
  }

  /// Belongs to the caller's terminal, login session, service or surrounding job, and would be
  /// wrong or dangling in a job that runs without them.
  package static func isOfSession(_ name: String) -> Bool {
    sessionNames.contains(name) || sessionPrefixes.contains { name.hasPrefix($0) }
  }

  private static let sessionPrefixes = [
    "SSH_", "XDG_SESSION_", "FLUSTER_", "TERM_", "KONSOLE_", "LISTEN_",
  ]

  private static let sessionNames: Set<String> = [
    "TERM", "TERMCAP", "COLORTERM", "COLUMNS", "LINES", "WINDOWID", "VTE_VERSION", "TMUX",
    "TMUX_PANE", "STY", "WINDOW", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS", "SESSION_MANAGER", "DESKTOP_SESSION", "DESKTOP_STARTUP_ID",
    "XDG_SEAT", "XDG_VTNR", "XDG_ACTIVATION_TOKEN", "GPG_TTY", "GPG_AGENT_INFO", "INVOCATION_ID",
    "JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "MAINPID", "MANAGERPID",
    "SYSTEMD_EXEC_PID", "CREDENTIALS_DIRECTORY", "RUNTIME_DIRECTORY", "STATE_DIRECTORY",
    "CACHE_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY", "SHLVL", "OLDPWD", "_",
  ]
}
