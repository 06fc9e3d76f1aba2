import FlusterCommands

/// The program; fluster(1) describes it. Under the name of another command it is that one, so that
/// a package holds one file and links to it.
@main struct Fluster {
  static func main() {
    switch CommandLine.arguments.first?.split(separator: "/").last {
    case "fluster-submit": SubmitCommand.start()
    case "fluster-run": RunCommand.start()
    case "fluster-ls": ListCommand.start()
    case "fluster-wait": WaitCommand.start()
    case "fluster-log": LogCommand.start()
    case "fluster-kill": KillCommand.start()
    case "fluster-set": SetCommand.start()
    case "fluster-ctl": ControlCommand.start()
    case "fluster-endpoint": EndpointCommand.start()
    default: FrontDoor.start()
    }
  }
}
