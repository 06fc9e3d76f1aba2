import Glibc

/// The small privileged process that starts jobs as their owners and sees them end.
@main
struct FlusterShim {
  static func main() {
    exit(Program.run(Array(CommandLine.arguments.dropFirst())))
  }
}
