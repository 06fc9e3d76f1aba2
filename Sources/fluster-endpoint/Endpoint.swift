import FlusterCommands

/// The program; fluster-endpoint(1) describes it.
@main struct Endpoint {
  static func main() { EndpointCommand.start() }
}
