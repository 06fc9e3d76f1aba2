import FlusterCommands

/// The program; fluster-ctl(1) describes it.
@main struct Control {
  static func main() { ControlCommand.start() }
}
