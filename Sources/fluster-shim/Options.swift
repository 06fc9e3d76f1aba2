import FlusterSystem

/// A command line or a setting that is refused: one sentence, and below it the way out.
struct Refusal: Error, CustomStringConvertible {
  let status: Int32
  let description: String

  /// A command line that makes no sense.
  static func usage(_ text: String) -> Refusal {
    Refusal(status: 64, description: "\(text)\ntry fluster-shim --help")
  }

  /// A setting or a place that must not be used.
  static func configuration(_ text: String) -> Refusal { Refusal(status: 78, description: text) }

  /// Something that the machine would not do.
  static func machine(_ error: SystemError) -> Refusal {
    Refusal(status: 71, description: error.description)
  }
}

/// What the command line says. Read by hand: a parser would be most of the program.
struct Options {
  static let help = """
    Usage: fluster-shim [--user | --system] [--listen PATH] [--state DIRECTORY]
                        [--log-directory DIRECTORY] [--config PATH] [--worker-uid UID]
                        [--delegated | --no-cgroup]
    Start jobs for one fluster-worker, as their owners, and see them end.

      --user                    run jobs of the caller alone (default)
      --system                  run jobs of all allowed users; needs root
      --listen PATH             listen for the worker at PATH
      --state DIRECTORY         keep what must survive a crash here
      --log-directory DIRECTORY make the kept logs here
      --config PATH             read this instead of shim.conf
      --worker-uid UID          the uid a worker of the system instance has
      --delegated               divide the shim's own cgroup
      --no-cgroup               do without cgroups
      --inherit NUMBER          take this process over, as the shim before says there
      --try-inherit NUMBER      only see whether that could be done
      -h, --help                show this
    """

  var instance = Places.Instance.user
  var listen: String?
  var state: String?
  var logDirectory: String?
  var configuration: String?
  var workerUID: UInt32?
  var usesCgroups = true
  /// The unit has Delegate=yes, which the systemd of a user need not tell.
  var isDelegated = false
  /// Where the shim that had this process before has left what it holds.
  var inherited: Int32?
  /// Nothing is taken over: only whether it could be is asked.
  var isTrial = false
  var showsHelp = false

  /// Those that say how this program is to go on with what another has left, with their values.
  private static let ofSuccession: Set<String> = ["--inherit", "--try-inherit"]

  /// The arguments that the next program is to be given, too.
  static func lasting(_ arguments: [String]) -> [String] {
    var lasting: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if ofSuccession.contains(argument) {
        _ = rest.popFirst()
      } else if !ofSuccession.contains(String(argument.prefix { $0 != "=" })) {
        lasting.append(argument)
      }
    }
    return lasting
  }

  /// Understands `--name value` and `--name=value`.
  static func parse(_ arguments: [String]) throws(Refusal) -> Options {
    var options = Options()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      switch name {
      case "--user", "--system", "--delegated", "--no-cgroup", "--help", "-h":
        guard parts.count == 1 else { throw .usage("option \(name) takes no value") }
        options.turn(on: name)
      case "--listen", "--state", "--log-directory", "--config", "--worker-uid", "--inherit",
        "--try-inherit":
        guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty
        else { throw .usage("option \(name) needs a value") }
        try options.set(name, value)
      default:
        throw .usage("unknown argument \"\(argument)\"")
      }
    }
    return options
  }

  private mutating func turn(on name: String) {
    switch name {
    case "--user": instance = .user
    case "--system": instance = .system
    case "--delegated": isDelegated = true
    case "--no-cgroup": usesCgroups = false
    default: showsHelp = true
    }
  }

  private mutating func set(_ name: String, _ value: String) throws(Refusal) {
    switch name {
    case "--listen": listen = value
    case "--state": state = value
    case "--log-directory": logDirectory = value
    case "--config": configuration = value
    case "--inherit", "--try-inherit":
      guard let number = Int32(value), number > 2 else {
        throw .usage("\"\(value)\" is not the number of a descriptor that was left here")
      }
      inherited = number
      isTrial = name == "--try-inherit"
    default:
      guard let uid = UInt32(value) else { throw .usage("\"\(value)\" is not a uid") }
      workerUID = uid
    }
  }
}
