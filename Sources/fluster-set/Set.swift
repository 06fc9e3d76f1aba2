import FlusterCommands

/// The program; fluster-set(1) describes it.
@main struct Set {
  static func main() { SetCommand.start() }
}
