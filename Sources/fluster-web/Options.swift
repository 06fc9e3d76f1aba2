import ArgumentParser

/// The command line of fluster-web(8).
struct Options: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fluster-web", abstract: "Show an instance to browsers.")

  @Option(
    name: .customLong("listen"), parsing: .unconditional,
    help: ArgumentHelp(
      "Let browsers in here (127.0.0.1:7878).", valueName: "unix:PATH|127.0.0.1:PORT"))
  var listen: String?

  @Option(
    name: .customLong("socket"), parsing: .unconditional,
    help: ArgumentHelp("Which flusterd to show.", valueName: "path|user|system"))
  var socket: String?

  @Option(
    name: .customLong("user"), parsing: .unconditional,
    help: ArgumentHelp("Show only this user's jobs.", valueName: "user"))
  var user: String?

  @Option(
    name: .customLong("store"), parsing: .unconditional,
    help: ArgumentHelp("Show a store, without its flusterd.", valueName: "path"))
  var store: String?

  @Flag(name: .customLong("version"), help: "Print the version and exit.")
  var version = false
}
