import Glibc

/// The controller's program. What it does is in `Start`; this file only leaves the main actor.
@main
struct Flusterd {
  static func main() {
    exit(Start.run(CommandLine.arguments))
  }
}
