import FlusterCommands

/// The program; fluster-run(1) describes it.
@main struct Run {
  static func main() { RunCommand.start() }
}
