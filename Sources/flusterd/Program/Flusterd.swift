import FlusterDaemon
import FlusterWorker
import Glibc

/// The controller's program, and under that name the worker's, so that a package holds one file:
/// apart from the commands, which would start later for the libraries of the daemons. What they do
/// is in `Start`; this file only leaves the main actor.
@main
struct Flusterd {
  static func main() {
    let words = CommandLine.arguments
    switch words.first?.split(separator: "/").last {
    case "fluster-worker": exit(FlusterWorker.Start.run(words))
    default: exit(FlusterDaemon.Start.run(words))
    }
  }
}
