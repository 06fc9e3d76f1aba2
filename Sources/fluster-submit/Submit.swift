import FlusterCommands

/// The program; fluster-submit(1) describes it.
@main struct Submit {
  static func main() { SubmitCommand.start() }
}
