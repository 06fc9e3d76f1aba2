import FlusterClient
import FlusterProtocol
import FlusterSystem
import Glibc

/// fluster: finds the command that is meant, and becomes it.
package enum FrontDoor {
  static let help = """
    USAGE: fluster command [argument ...]
           fluster up | down [--now]
           fluster help [command]

    COMMANDS:
      submit    submit a job and print its id
      run       run a command as a job, and be as it would have been
      ls        list jobs
      wait      wait for jobs, and exit as they did
      log       print the output of jobs
      kill      end jobs, or send them a signal
      set       hold, change, freeze or rerun jobs
      ctl       show the instance and its workers, and drain or forget these
      endpoint  say where a task can be reached, or ask
      up        start what is missing of a private instance
      down      stop the private instance

    OPTIONS:
      --now        Of down: kill what runs first.
      -q           Of up and down: no notices.
      -v           Of up and down: say more.
      --version    Show the version.
      -h, --help   Show this.

    """

  /// The program: runs and exits.
  package static func start() -> Never {
    StandardStream.reserve()
    let voice = Voice(program: "fluster")
    do throws(Failure) {
      exit(try run(Array(CommandLine.arguments.dropFirst())))
    } catch {
      voice.complain(error)
      exit(error.status.rawValue)
    }
  }

  private static func run(_ arguments: [String]) throws(Failure) -> Int32 {
    guard let verb = arguments.first else {
      throw .usage("no command is given", wayOut: "fluster --help lists the commands")
    }
    switch verb {
    case "-h", "--help":
      try StandardStream.print(Array(help.utf8))
      return ExitStatus.done.rawValue
    case "--version":
      try StandardStream.print("fluster \(FlusterVersion.software)")
      return ExitStatus.done.rawValue
    case "up": return Runner.run(UpCommand.self, Array(arguments.dropFirst()))
    case "down": return Runner.run(DownCommand.self, Array(arguments.dropFirst()))
    case "help": try openPage(Array(arguments.dropFirst()))
    case "complete":
      try Completion.print(Array(arguments.dropFirst()))
      return ExitStatus.done.rawValue
    default: try become(verb)
    }
  }

  private static func become(_ verb: String) throws(Failure) -> Never {
    guard !verb.hasPrefix("-") else {
      throw .usage("unknown option \(verb)", wayOut: "fluster --help lists the commands")
    }
    let name = "fluster-\(verb)"
    // Daemons are programs of that form, too, but none that a person starts.
    guard !["worker", "shim"].contains(verb), let path = Successor.find(name) else {
      throw .usage("there is no command \"\(verb)\"", wayOut: "fluster --help lists the commands")
    }
    let rest = CommandWords.raw(Array(CommandLine.arguments.dropFirst(2)))
    try Successor.become(path, [Array(name.utf8)] + rest)
  }

  private static func openPage(_ topics: [String]) throws(Failure) -> Never {
    guard topics.count <= 1 else { throw .usage("help takes one command") }
    let topic = topics.first ?? "fluster"
    guard !topic.hasPrefix("-"), !topic.contains("/") else {
      throw .usage("there is no page \"\(topic)\"")
    }
    let isOurs = ["up", "down", "help"].contains(topic) || topic.hasPrefix("fluster")
    guard isOurs || Successor.find("fluster-\(topic)") != nil else {
      throw .usage("there is no command \"\(topic)\"", wayOut: "fluster --help lists the commands")
    }
    let page: String =
      switch topic {
      case "up", "down", "help": "fluster"
      case let topic where topic.hasPrefix("fluster"): topic
      case let topic: "fluster-\(topic)"
      }
    guard let man = Successor.find("man") else {
      throw Failure(
        .notFound, "cannot find man to show \(page)", wayOut: "install man-db or mandoc")
    }
    try Successor.become(man, ["man", sourcePage(page) ?? page].map { Array($0.utf8) })
  }

  /// The page in the source tree that this program was built in; nil if it is not in one.
  private static func sourcePage(_ page: String) -> String? {
    guard var folder = try? Files.realpath("/proc/self/exe") else { return nil }
    while folder != "/" {
      folder = Files.parent(of: folder)
      guard Files.exists("\(folder)/Package.swift") else { continue }
      return [1, 5, 7, 8].map { "\(folder)/man/\(page).\($0)" }.first(where: Files.exists)
    }
    return nil
  }
}
