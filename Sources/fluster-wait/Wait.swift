import FlusterCommands

/// The program; fluster-wait(1) describes it.
@main struct Wait {
  static func main() { WaitCommand.start() }
}
