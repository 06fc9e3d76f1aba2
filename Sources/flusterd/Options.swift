import ArgumentParser

/// The command line of flusterd(8).
struct Options: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flusterd", abstract: "Keep and place batch jobs.")

  @Flag(name: .customLong("user"), help: "Serve the invoking user only. This is the default.")
  var user = false

  @Flag(name: .customLong("system"), help: "Serve every user of this machine.")
  var system = false

  @Option(
    name: .customLong("state"),
    help: ArgumentHelp("Keep the store in this directory.", valueName: "dir"))
  var state: String?

  @Option(
    name: .customLong("runtime"),
    help: ArgumentHelp("Make the sockets in this directory.", valueName: "dir"))
  var runtime: String?

  @Option(
    name: .customLong("config"),
    help: ArgumentHelp("Read this configuration file and its drop-ins.", valueName: "path"))
  var config: String?

  @Option(
    name: .customLong("control"),
    help: ArgumentHelp("Listen for commands at this socket.", valueName: "path"))
  var control: String?

  @Option(
    name: .customLong("worker-socket"),
    help: ArgumentHelp("Listen for workers at this socket.", valueName: "path"))
  var workerSocket: String?

  @Flag(name: .customLong("version"), help: "Print the version and exit.")
  var version = false

  func validate() throws {
    if user && system {
      throw ValidationError("--user and --system exclude each other")
    }
    for (flag, path) in [
      ("--state", state), ("--runtime", runtime), ("--config", config), ("--control", control),
      ("--worker-socket", workerSocket),
    ] where path == "" {
      throw ValidationError("\(flag) needs a path, and got an empty one")
    }
  }
}
