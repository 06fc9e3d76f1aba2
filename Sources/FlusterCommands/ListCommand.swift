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

  @Flag(help: "Only why they wait: their turn, their needs, and who has that.")
  var why = false

  @Flag(help: "The workers instead of jobs; selectors are ids of workers.")
  var workers = false

  @Flag(help: "The script of the one job named, as it was submitted.")
  var script = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Only those in this state.", valueName: "state"))
  var state: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Unfinished, or ended since then (an hour ago).", valueName: "time"))
  var since: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Only those whose name matches.", valueName: "glob"))
  var name: [String] = []

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Only those of this user.", valueName: "user"))
  var user: String?

  @Option(
    name: .customShort("n", allowingJoined: true), parsing: .unconditional,
    help: ArgumentHelp("Only the newest so many.", valueName: "number"))
  var newest: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "In the order of this column; -COLUMN: the largest first.", valueName: "column"))
  var sort: String?

  @Option(
    name: .customShort("o", allowingJoined: true), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("These columns.", valueName: "column,..."))
  var columns: [String] = []

  @Flag(help: "Events as they happen, instead of jobs.")
  var follow = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Events behind this one, instead of jobs.", valueName: "cursor"))
  var cursor: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup package var shared: SharedOptions

  @Argument(help: ArgumentHelp("What to list.", valueName: "selector"))
  var selectors: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    if isFeed { return try followFeed(voice) }
    if workers { return try listWorkers(voice) }
    if why { return try explain(voice) }
    if script { return try printScript(voice) }
    let columns = try ListColumn.parse(self.columns)
    let order = try sort.map { (word) throws(Failure) in try ListSort(word) }
    let coloured = try output.isColoured(
      terminal: StandardStream.output.isTerminal, variable: Environment.variable)
    let needed = columns + (order.map { [$0.column] } ?? [])
    let list = try request(needed)
    if !selectors.isEmpty && list.selectors.isEmpty {
      voice.notice("no ids on standard input")
      return ExitStatus.done.rawValue
    }
    var session = try session(voice)
    var printer = ListPrinter(
      form, columns, now: WallTime(milliseconds: Clock.wallMilliseconds()))
    printer.coloured = coloured
    printer.header = !output.noHeader
    printer.width = StandardStream.output.width
    var jobs =
      list.tasks && needsJobs(needed, isSorted: order != nil)
      ? JobsOfTasks(list, session: session, voice: voice) : nil
    if let order {
      let page = try session.listing(list)
      let ofTasks = try jobs?.rows(for: page.tasks) ?? [:]
      let sorted = order.sorted(page, jobs: ofTasks, now: printer.now)
      try StandardStream.print(printer.text(sorted, jobs: ofTasks) + printer.end())
      return ExitStatus.done.rawValue
    }
    // Whoever looks sees the first rows while the last are still being read.
    try session.eachPage(of: list, rows: long ? 50 : 200) { (page) throws(Failure) in
      let ofTasks = try jobs?.rows(for: page.tasks) ?? [:]
      try StandardStream.print(printer.text(page, jobs: ofTasks))
    }
    try StandardStream.print(printer.end())
    return ExitStatus.done.rawValue
  }

  /// Why what was named waits, a line each.
  private func explain(_ voice: Voice) throws(Failure) -> Int32 {
    guard !selectors.isEmpty else {
      throw .usage("--why is about jobs that are named", wayOut: SelectorArgument.forms)
    }
    guard !long, columns.isEmpty else { throw .usage("--why does not go with -l and -o") }
    var list = try request([])
    guard !list.selectors.isEmpty else {
      voice.notice("no ids on standard input")
      return ExitStatus.done.rawValue
    }
    list.why = true
    var session = try session(voice)
    let page = try session.listing(list)
    let sentences = page.tasks.map { WhySentence($0) } + page.jobs.map { WhySentence($0) }
    let now = WallTime(milliseconds: Clock.wallMilliseconds())
    var users = UserNames()
    for sentence in sentences {
      if output.json {
        try StandardStream.print(sentence.json(now: now, &users).lineBytes)
      } else {
        let text = sentence.text(now: now, isOneOfMany: sentences.count > 1, &users)
        try StandardStream.print(Table.shown(text))
      }
    }
    return ExitStatus.done.rawValue
  }

  /// The same as `fluster-ctl workers`.
  private func listWorkers(_ voice: Voice) throws(Failure) -> Int32 {
    guard !why, !allUsers, !allAges, state.isEmpty, newest == nil, columns.isEmpty, !choosesJobs
    else {
      throw .usage("--workers does not go with the options that choose jobs or columns")
    }
    let form: WorkerPrinter.Form = output.json ? .json : talk.quiet ? .ids : long ? .long : .table
    let printer = try WorkerPrinter(form, output)
    try printer.print(selectors, tasks: tasks || long, try session(voice))
    return ExitStatus.done.rawValue
  }

  private var form: ListPrinter.Form {
    if output.json { return .json }
    if talk.quiet { return .ids }
    return long ? .detail : .table
  }

  /// Whether there are options that only make sense for a list of jobs.
  var choosesJobs: Bool { since != nil || !name.isEmpty || user != nil || sort != nil }

  /// Whether tasks are shown with what only the rows of their jobs tell.
  private func needsJobs(_ columns: [ListColumn], isSorted: Bool) -> Bool {
    switch form {
    case .json, .detail: long || isSorted
    case .ids: isSorted
    case .table: columns.contains(where: \.isOfJob)
    }
  }

  /// What is asked of flusterd.
  func request(_ columns: [ListColumn]) throws(Failure) -> WireList {
    var list = WireList()
    list.selectors = try SelectorArgument.parse(all: selectors)
    list.allUsers = allUsers
    // Who names a job wants to see it, however old it is.
    list.allAges = allAges || !selectors.isEmpty
    list.states = try StateArgument.parse(all: state)
    guard selectors.isEmpty || since == nil && name.isEmpty && user == nil else {
      throw .usage("--since, --name and --user do not go with selectors")
    }
    guard name.allSatisfy({ !$0.isEmpty }) else { throw .usage("--name: the pattern is empty") }
    list.names = name
    if let user { list.user = try UserArgument.parse("--user", user) }
    if let since {
      list.sinceMs = try TimeArgument.parsePast("--since", since, .current).milliseconds
    }
    list.detail = long || columns.contains(where: \.isDetail)
    list.tasks = tasks || list.selectors.contains(where: \.namesTasks)
    if let newest {
      list.newest = try QuantityArgument.count("-n", newest, in: 1...UInt32.max)
    }
    return list
  }
}
