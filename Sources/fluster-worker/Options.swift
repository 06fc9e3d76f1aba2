import ArgumentParser

/// The command line of fluster-worker(8).
struct Options: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fluster-worker", abstract: "Have batch jobs run on this machine.")

  @Flag(name: .customLong("user"), help: "Serve the invoking user only. This is the default.")
  var user = false

  @Flag(name: .customLong("system"), help: "Serve every user of this machine.")
  var system = false

  @Option(
    name: .customLong("id"),
    help: ArgumentHelp("Register under this name.", valueName: "id"))
  var id: String?

  @Option(
    name: .customLong("cpus"),
    help: ArgumentHelp("Offer so many processors.", valueName: "n"))
  var cpus: String?

  @Option(
    name: .customLong("mem"),
    help: ArgumentHelp("Offer so much memory.", valueName: "size"))
  var memory: String?

  @Option(
    name: [.customShort("r"), .customLong("resource")],
    help: ArgumentHelp("Offer so many of something else that is counted.", valueName: "name=n"))
  var resources: [String] = []

  @Option(
    name: .customLong("attribute"),
    help: ArgumentHelp("Tell this at registration.", valueName: "key=value"))
  var attributes: [String] = []

  @Option(
    name: .customLong("lease"),
    help: ArgumentHelp("End everything after so long without flusterd.", valueName: "span"))
  var lease: String?

  @Option(
    name: .customLong("address"),
    help: ArgumentHelp("Tell jobs of a gang that they meet here.", valueName: "host"))
  var address: String?

  @Option(
    name: .customLong("controller"),
    help: ArgumentHelp("Reach flusterd at this socket.", valueName: "path"))
  var controller: String?

  @Option(
    name: .customLong("shim"),
    help: ArgumentHelp("Reach fluster-shim at this socket.", valueName: "path"))
  var shim: String?

  @Option(
    name: .customLong("log-directory"),
    help: ArgumentHelp("Look for kept logs in this directory.", valueName: "dir"))
  var logDirectory: String?

  @Option(
    name: .customLong("config"),
    help: ArgumentHelp("Read this configuration file and its drop-ins.", valueName: "path"))
  var config: String?

  @Flag(name: .customLong("version"), help: "Print the version and exit.")
  var version = false

  func validate() throws {
    if user && system {
      throw ValidationError("--user and --system exclude each other")
    }
    for (flag, value) in [
      ("--id", id), ("--cpus", cpus), ("--mem", memory), ("--lease", lease),
      ("--address", address),
      ("--controller", controller),
      ("--shim", shim), ("--log-directory", logDirectory), ("--config", config),
    ] where value == "" {
      throw ValidationError("\(flag) needs a value, and got an empty one")
    }
  }
}
