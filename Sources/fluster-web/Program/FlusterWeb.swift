import FlusterWeb
import Glibc

/// What it does is in `Start`; this file only leaves the main actor.
@main
struct FlusterWebProgram {
  static func main() { exit(FlusterWeb.Start.run(CommandLine.arguments)) }
}
