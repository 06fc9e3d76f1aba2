import FlusterCommands

/// The program; fluster-kill(1) describes it.
@main struct Kill {
  static func main() { KillCommand.start() }
}
