import FlusterCommands

/// The program; fluster-ls(1) describes it.
@main struct List {
  static func main() { ListCommand.start() }
}
