import FlusterCommands

/// The program; fluster(1) describes it.
@main struct Fluster {
  static func main() { FrontDoor.start() }
}
