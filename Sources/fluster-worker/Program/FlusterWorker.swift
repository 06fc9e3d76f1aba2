import FlusterWorker
import Glibc

/// The worker's program. What it does is in `Start`; this file only leaves the main actor.
@main
struct FlusterWorker {
  static func main() {
    exit(Start.run(CommandLine.arguments))
  }
}
