package import ArgumentParser
package import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem

/// fluster-ls: shows jobs, tasks and attempts.
package struct ListCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-ls", abstract: "List jobs.",
    usage: "fluster-ls [options] [selector ...]",
    version: "fluster-ls \(FlusterVersion.software)")

  @Flag(name: .customShort("a"), help: "Of all users.")
  var allUsers = false

  @Flag(name: .customShort("A"), help: "Of all ages.")
  var allAges = false

  @Flag(name: .customShort("l"), help: "Each job in full, with its attempts.")
  var long = false

  @Flag(help: "One row a task.")
  var tasks = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Only those in this state.", valueName: "state"))
  var state: [String] = []

  @Option(
    name: .customShort("n", allowingJoined: true), parsing: .unconditional,
    help: ArgumentHelp("Only the newest so many.", valueName: "number"))
  var newest: String?

  @Option(
    name: .customShort("o", allowingJoined: true), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("These columns.", valueName: "column,..."))
  var columns: [String] = []

  @OptionGroup var output: OutputOptions
  @OptionGroup package var shared: SharedOptions

  @Argument(help: ArgumentHelp("What to list.", valueName: "selector"))
  var selectors: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    let columns = try ListColumn.parse(self.columns)
    let coloured = try output.isColoured(
      terminal: StandardStream.output.isTerminal, variable: Environment.variable)
    let list = try request(columns)
    if !selectors.isEmpty && list.selectors.isEmpty {
      voice.notice("no ids on standard input")
      return ExitStatus.done.rawValue
    }
    var session = try session(voice)
    var listing = try session.listing(list)
    if !listing.tasks.isEmpty && !output.json && !talk.quiet && columns.contains(where: \.isOfJob) {
      listing.jobs = try session.listing(list.ofWholeJobs).jobs
    }
    var printer = ListPrinter(now: WallTime(milliseconds: Clock.wallMilliseconds()))
    printer.coloured = coloured
    printer.header = !output.noHeader
    printer.width = StandardStream.output.width
    let text: [UInt8]
    if output.json {
      text = printer.json(listing)
    } else if talk.quiet {
      text = Array(printer.ids(listing).utf8)
    } else if long {
      text = Array(printer.detail(listing).utf8)
    } else {
      text = Array(printer.table(listing, columns).utf8)
    }
    try StandardStream.print(text)
    return ExitStatus.done.rawValue
  }

  /// What is asked of flusterd.
  func request(_ columns: [ListColumn]) throws(Failure) -> WireList {
    var list = WireList()
    list.selectors = try SelectorArgument.parse(all: selectors)
    list.allUsers = allUsers
    // Who names a job wants to see it, however old it is.
    list.allAges = allAges || !selectors.isEmpty
    list.states = try StateArgument.parse(all: state)
    list.detail = long || columns.contains(where: \.isDetail)
    list.tasks = !long && (tasks || list.selectors.contains(where: \.namesTasks))
    if let newest {
      list.newest = try QuantityArgument.count("-n", newest, in: 1...UInt32.max)
    }
    return list
  }
}

extension WireList {
  /// The same of the jobs, whose rows tell what those of tasks do not.
  fileprivate var ofWholeJobs: WireList {
    var list = self
    list.tasks = false
    list.states = []
    list.newest = 0
    list.selectors = selectors.map(\.wholeJob)
    return list
  }
}
