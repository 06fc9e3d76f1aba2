import FlusterCommands

/// The program; fluster-log(1) describes it.
@main struct Log {
  static func main() { LogCommand.start() }
}
