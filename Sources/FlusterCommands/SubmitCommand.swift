package import ArgumentParser
package import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem

/// fluster-submit: queues a job and prints its id.
package struct SubmitCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-submit", abstract: "Submit a job and print its id.",
    usage: """
      fluster-submit [options] [--] command [argument ...]
      fluster-submit [options] -c line
      fluster-submit [options] -s file [argument ...]
      fluster-submit [options] [- [argument ...]] <script
      """,
    version: "fluster-submit \(FlusterVersion.software)")

  @OptionGroup(title: "Many") var many: SubmitOptions.Many
  @OptionGroup(title: "Identity") var identity: SubmitOptions.Identity
  @OptionGroup(title: "Needs") var needs: SubmitOptions.Needs
  @OptionGroup(title: "Order") var order: SubmitOptions.Order
  @OptionGroup(title: "Ending") var ending: SubmitOptions.Ending
  @OptionGroup(title: "Environment") var surroundings: SubmitOptions.Surroundings
  @OptionGroup(title: "Output") var output: SubmitOptions.Output
  @OptionGroup(title: "Tree") var tree: SubmitOptions.Tree
  @OptionGroup(title: "Asking") var asking: SubmitOptions.Asking
  @OptionGroup package var shared: SharedOptions

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("The command and its arguments, run without a shell.", valueName: "command"))
  package var words: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package static func carriesStatus(_ arguments: [String]) -> Bool {
    CommandWords.haveOption("--wait", arguments)
  }

  package static func prepared(_ arguments: [String]) -> [String] {
    CommandWords.separated(arguments)
  }

  package static func answer(to arguments: [String]) -> String? {
    CommandWords.answer(to: arguments, Self.self)
  }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    guard !(asking.wait && asking.dryRun) else {
      throw .usage("--wait and --dry-run exclude each other")
    }
    let (whole, script) = try withScript()
    return try whole.execute(script, voice)
  }

  /// Does it, with the options of the script read.
  func execute(_ script: SubmittedScript?, _ voice: Voice) throws(Failure) -> Int32 {
    let entries = try entryList(voice)
    let submit = try submission(script, entries, voice)
    var session = try session(voice)
    let answer = try send(submit, entries, over: &session, voice)
    if asking.dryRun { return try report(submit.job, answer, voice) }
    do {
      try StandardStream.print("\(answer.job)")
    } catch {
      throw Failure(error.status, "job \(answer.job) was submitted, but: \(error.message)")
    }
    guard asking.wait else { return ExitStatus.done.rawValue }
    var waiting = Waiting(for: [.job(answer.job)], any: false, deadline: nil, voice: voice)
    return try waiting.run(over: &session)
  }

  /// What the command line asks for, with the token that makes it one job however often it is sent.
  func submission(
    _ script: SubmittedScript?, _ entries: EntryList?, _ voice: Voice
  ) throws(Failure) -> WireSubmit {
    var submit = WireSubmit()
    submit.token = .of(try asking.parsedToken()?.bytes ?? Entropy.bytes(16))
    submit.dryRun = asking.dryRun
    try CommandWords.checkOptions(before: words)
    let caller = try Caller.current(
      command: CommandWords.raw(words), given: surroundings.directory)
    let (job, notices) = try request(of: caller, script, entries)
    submit.job = job
    for notice in notices { voice.notice(notice) }
    if let parent = try parent(of: caller, voice) { submit.parentAttempt = .of(parent.bytes) }
    return submit
  }

  /// Submits, over as many connections as it takes, each time with the list of entries if there is
  /// one.
  func send(
    _ submit: WireSubmit, _ entries: EntryList?, over session: inout Session, _ voice: Voice
  ) throws(Failure) -> WireSubmitted {
    // The caller's own token may be that of a try whose answer never came.
    let mayExist = asking.token != nil
    let body: WireEnvelope.OneOf_Body
    do {
      body = try session.persist { (connection, isAgain) throws(CallError) in
        var submit = submit
        submit.resend = isAgain || mayExist
        if !submit.dryRun { try entries?.send(over: connection, voice) }
        return try connection.call(.submit(submit))
      }
    } catch  where error.status == .unreachable && error.message.hasPrefix("lost") {
      let token = Token(bytes: submit.token.array)?.value.description ?? ""
      throw Failure(
        .unreachable, "\(error.message) before it said whether the job is stored",
        wayOut: "the same command with --token \(token) cannot submit it twice")
    }
    guard case .submitted(let submitted) = body else {
      throw Failure(.internal, "flusterd answered something else than asked")
    }
    for notice in submitted.notices { voice.notice(notice) }
    return submitted
  }

  private func report(
    _ job: WireJobRequest, _ answer: WireSubmitted, _ voice: Voice
  ) throws(Failure) -> Int32 {
    var line = job.json
    if answer.hasCouldRun {
      line.set("could_run", .bool(answer.couldRun))
      if !answer.couldRun { line.set("obstacle", .string(answer.obstacle)) }
    }
    try StandardStream.print(line.lineBytes)
    guard answer.hasCouldRun, !answer.couldRun else { return ExitStatus.done.rawValue }
    voice.notice(answer.obstacle)
    return ExitStatus.data.rawValue
  }
}

extension WireSelector {
  /// A whole job.
  static func job(_ number: UInt64) -> WireSelector {
    var selector = WireSelector()
    selector.tasks.job = number
    return selector
  }
}
