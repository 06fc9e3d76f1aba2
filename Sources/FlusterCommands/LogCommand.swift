package import ArgumentParser
package import FlusterClient
import FlusterCore
import FlusterProtocol

/// fluster-log: prints what tasks wrote, and follows it.
package struct LogCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-log", abstract: "Print the output of jobs.",
    usage: "fluster-log [options] selector ...",
    version: "fluster-log \(FlusterVersion.software)")

  @Flag(name: .customShort("f"), help: "Follow it to the end of the job.")
  var follow = false

  @Option(
    name: .customShort("n", allowingJoined: true), parsing: .unconditional,
    help: ArgumentHelp("Only the last lines.", valueName: "lines"))
  var lines: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of this attempt (the newest), or of all.", valueName: "number|all"))
  var attempt: String?

  @Flag(help: "Standard output (the default).")
  var stdout = false

  @Flag(help: "Standard error, of jobs submitted with -E.")
  var stderr = false

  @OptionGroup package var shared: SharedOptions

  @Argument(help: ArgumentHelp("Whose output.", valueName: "selector"))
  var selectors: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  package static func quick(_ arguments: [String]) -> LogCommand? {
    guard let selectors = onlySelectors(in: arguments) else { return nil }
    var command = LogCommand()
    (command.follow, command.stdout, command.stderr) = (false, false, false)
    (command.lines, command.attempt) = (nil, nil)
    (command.shared, command.selectors) = (.unset, selectors)
    return command
  }

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    let wish = try wish()
    guard !selectors.isEmpty else {
      throw .usage("no job was named", wayOut: SelectorArgument.forms)
    }
    let chosen = try SelectorArgument.parse(all: selectors)
    guard !chosen.isEmpty else {
      voice.notice("no ids on standard input")
      return ExitStatus.done.rawValue
    }
    var session = try session(voice)
    var groups: [TaskGroup] = []
    var missing: [(selector: WireSelector, failure: Failure)] = []
    for selector in chosen {
      do throws(Failure) {
        groups += try session.tasks(of: selector)
      } catch {
        guard error.status == .notFound else { throw error }
        missing.append((selector, error))
      }
    }
    var printer = LogPrinter(wish, session: session, voice: voice)
    for (selector, failure) in missing { printer.note(failure, of: selector.text) }
    try printer.print(
      groups.lazy.flatMap { group in group.indices.lazy.map { LogTask(group, $0) } })
    return (printer.worst ?? .done).rawValue
  }

  /// The options, read.
  func wish() throws(Failure) -> LogWish {
    guard !(stdout && stderr) else { throw .usage("--stdout and --stderr exclude each other") }
    var wish = LogWish()
    wish.follow = follow
    wish.isError = stderr
    if let lines { wish.lines = try QuantityArgument.count("-n", lines, in: 0...UInt64(Int64.max)) }
    switch attempt {
    case nil: wish.attempts = .newest
    case "all": wish.attempts = .all
    case let number?:
      guard SelectorArgument.isNumber(number), let value = UInt32(number) else {
        throw .usage(
          "--attempt: \"\(number)\" is no number", wayOut: "write a number from 0, or all")
      }
      wish.attempts = .one(value)
    }
    return wish
  }
}

/// Which part of the output of a task is wanted.
struct LogWish {
  /// Which attempts.
  enum Attempts {
    case newest, all
    case one(UInt32)
  }

  var attempts = Attempts.newest
  var isError = false
  var follow = false
  /// The last so many lines of each; nil: everything.
  var lines: UInt64?
}

/// Tasks of one job, by the indices people see.
struct TaskGroup {
  let job: UInt64
  let isArray: Bool
  let indices: StrideThrough<UInt32>
}

/// One task whose output is wanted.
struct LogTask {
  let job: UInt64
  let index: UInt32
  /// As people write it.
  let name: String

  init(_ group: TaskGroup, _ index: UInt32) {
    job = group.job
    self.index = index
    name = group.isArray ? "\(group.job).\(index)" : "\(group.job)"
  }
}

extension Session {
  /// The tasks that a selector means, in the order of jobs and indices.
  mutating func tasks(of selector: WireSelector) throws(Failure) -> [TaskGroup] {
    var groups: [TaskGroup] = []
    var list = WireList()
    list.selectors = [selector.wholeJob]
    list.allAges = true
    list.allUsers = true
    let jobs = try listing(list).jobs
    guard !jobs.isEmpty else { throw Failure(.notFound, "there is no job \(selector.text)") }
    for job in jobs {
      let array = job.array
      let wanted: ClosedRange<UInt32> =
        selector.namesTasks ? selector.tasks.first...selector.tasks.last : 0...UInt32.max
      guard
        let positions = TaskArray(
          first: array.first, step: max(array.step, 1), count: max(array.count, 1), throttle: nil,
          isExplicit: array.explicit
        ).positions(within: wanted)
      else { throw Failure(.notFound, "there is no task \(selector.text)") }
      let step = max(array.step, 1)
      groups.append(
        TaskGroup(
          job: job.job, isArray: array.explicit,
          indices: stride(
            from: array.first + step * positions.lowerBound,
            through: array.first + step * (positions.upperBound - 1), by: Int(step))))
    }
    return groups
  }
}
