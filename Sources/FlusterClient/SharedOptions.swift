package import ArgumentParser

/// How much a command talks.
package struct TalkOptions: ParsableArguments {
  @Flag(name: .short, help: "No notices.")
  package var quiet = false

  @Flag(name: .short, help: "Say which instance answered.")
  package var verbose = false

  /// Nothing given; filled in by the parser.
  package init() {}
}

/// What every command takes that asks flusterd for something.
package struct SharedOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Which flusterd to ask.", valueName: "path|user|system"))
  package var socket: String?

  @OptionGroup package var talk: TalkOptions

  /// Nothing given; filled in by the parser.
  package init() {}

  /// Nothing given, and ready to be read without the parser.
  package static var unset: SharedOptions {
    var options = SharedOptions()
    options.socket = nil
    options.talk = TalkOptions()
    (options.talk.quiet, options.talk.verbose) = (false, false)
    return options
  }
}

/// What the commands take that print tables or objects.
package struct OutputOptions: ParsableArguments {
  @Flag(help: "One JSON object a line.")
  package var json = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Colour states.", valueName: "auto|always|never"))
  package var color = "auto"

  @Flag(help: "No line of column names.")
  package var noHeader = false

  /// Nothing given; filled in by the parser.
  package init() {}

  /// Whether states are to be coloured: never into a pipe unless asked, never against NO_COLOR.
  package func isColoured(
    terminal: Bool, variable: (String) -> String?
  ) throws(Failure) -> Bool {
    switch color {
    case "always": return true
    case "never": return false
    case "auto":
      return terminal && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
    default: throw .usage("--color takes auto, always or never, not \"\(color)\"")
    }
  }
}
