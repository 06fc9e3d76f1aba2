package import ArgumentParser
package import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// fluster-run: submits a job, and is to its caller what the command itself would have been: its
/// input, its output, its signals and its exit status.
package struct RunCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-run", abstract: "Run a command as a job, and be as it would have been.",
    usage: """
      fluster-run [options] [--] command [argument ...]
      fluster-run [options] -c line
      fluster-run [options] -s file [argument ...]
      fluster-run [options] [- [argument ...]] <script
      """,
    version: "fluster-run \(FlusterVersion.software)")

  @Flag(inversion: .prefixedNo, help: "End the job when this command goes (the default).")
  package var tie = true

  @OptionGroup package var submit: SubmitCommand

  package var shared: SharedOptions { submit.shared }

  /// Nothing given; filled in by the parser.
  package init() {}

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package static func carriesStatus(_ arguments: [String]) -> Bool { true }

  package static func prepared(_ arguments: [String]) -> [String] {
    CommandWords.separated(arguments)
  }

  package static func answer(to arguments: [String]) -> String? {
    CommandWords.answer(to: arguments, Self.self)
  }

  package static func quick(_ arguments: [String]) -> RunCommand? {
    var command = RunCommand()
    command.tie = true
    let submit = SubmitCommand.quick(arguments) { word in
      guard ["--tie", "--no-tie"].contains(word) else { return false }
      command.tie = word == "--tie"
      return true
    }
    guard let submit else { return nil }
    command.submit = submit
    return command
  }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    guard !submit.asking.wait else { throw .usage("--wait: fluster-run always waits") }
    let (whole, script) = try submit.withScript { arguments in
      switch Runner.parse(RunCommand.self, arguments) {
      case .command(let command): .command(command.submit)
      case .answer(let text): .answer(text)
      case .wrong(let failure): .wrong(failure)
      }
    }
    var command = self
    command.submit = whole
    return try command.execute(script, voice)
  }

  /// Does it, with the options of the script read.
  private func execute(_ script: SubmittedScript?, _ voice: Voice) throws(Failure) -> Int32 {
    let (plain, input) = try streams(script?.source)
    if submit.asking.dryRun { return try plain.execute(script, voice) }
    let entries = try plain.entryList(voice)
    var submission = try plain.submission(script, entries, voice)
    if tie { submission.job.options.tied = true }

    let instance = try Instance.choose(option: shared.socket)
    let blocked = RunSignals.block()
    let pipes = try JobPipes(input: input, error: takesError, for: &submission.job.launch)
    defer { pipes.remove() }
    let signals = RunSignals(
      blocked, instance, isTied: tie, isRetried: submission.job.retries > 0, pipes, voice)
    var session = Session(with: instance, voice: voice)
    let answer = try plain.send(submission, entries, over: &session, voice)
    voice.detail("job \(answer.job)")
    signals.watch(answer.job)
    if tie { Self.hold(answer.job, instance, voice) }
    let end = try follow(answer.job, submission.job, pipes, session, voice)
    var waiting = Waiting(for: [.job(answer.job)], any: false, deadline: nil, voice: voice)
    let status: Int32
    if let end, !submission.job.hasArray {
      // Of a single task all has been told.
      try waiting.take(end)
      status = waiting.status
    } else {
      status = try waiting.run(over: &session)
    }
    pipes.finish()
    // Ended by a signal of ours before it had a status of its own.
    guard let signal = signals.first, status == CarriedStatus.none else { return status }
    return 128 + Int32(signal)
  }

  /// The options without what only this command understands, and whether our input goes to the job.
  private func streams(
    _ script: SubmittedScript.Source?
  ) throws(Failure) -> (SubmitCommand, passesInput: Bool) {
    var plain = submit
    switch submit.output.stdin {
    case nil where script == .standardInput: break
    case nil: return (plain, isOwn && !isArray && StandardInput.isWorthPassing)
    case "none": plain.output.stdin = nil
    case "-":
      guard !isArray else {
        throw .usage("--stdin -: the tasks of an array cannot share one input")
      }
      guard script != .standardInput else {
        throw .usage("--stdin -: standard input is the script already")
      }
      plain.output.stdin = nil
      return (plain, true)
    case _?: break
    }
    return (plain, false)
  }

  /// The job is this command's alone: it does not outlive it, and was not made by another.
  private var isOwn: Bool { tie && submit.identity.key == nil }

  private var isArray: Bool { submit.many.array != nil || submit.many.eachLine != nil }

  /// Where our output and our error are two things, the job's are kept apart, too. What outlives
  /// this command must not need it, and what the worker reads by the line it reads itself.
  private var takesError: Bool {
    isOwn && !submit.output.timestamps && !submit.output.journal && submit.output.stdout == nil
      && submit.output.stderr == nil
      && !StandardStream.areOne(.output, .error)
  }

  /// Prints what the tasks write as they write it, one task after the other. Returns how the last
  /// has ended, if that was told.
  private func follow(
    _ job: UInt64, _ request: WireJobRequest, _ pipes: JobPipes, _ session: Session, _ voice: Voice
  ) throws(Failure) -> WireEnded? {
    // It goes where the caller wanted it.
    guard submit.output.stdout == nil else { return nil }
    let array = request.array
    let step = max(array.step, 1)
    let last = array.first + step * (max(array.count, 1) - 1)
    let tasks = TaskGroup(
      job: job, isArray: request.hasArray,
      indices: stride(from: array.first, through: last, by: Int(step)))
    var wish = LogWish()
    wish.follow = true
    wish.attempts = .all
    // That there was no output is nothing to tell of.
    var printer = LogPrinter(wish, session: session, voice: voice.silenced)
    do throws(Failure) {
      try printer.print(tasks.indices.lazy.map { LogTask(tasks, $0) })
      if let worst = printer.worst {
        throw Failure(worst, "not all output of job \(job) was shown", wayOut: "fluster-log \(job)")
      }
      return printer.end
    } catch {
      guard StandardStream.output.hasLostReader else { throw error }
      // As any filter ends; then the job does.
      pipes.remove()
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
      throw error
    }
  }

  /// Keeps a connection open for as long as this process lives: when it closes, the job ends.
  private static func hold(_ job: UInt64, _ instance: Instance, _ voice: Voice) {
    Background.run {
      // What keeps it from coming back the other connections tell.
      var session = Session(with: instance, voice: voice.silenced, isKnown: true)
      var wait = WireWait()
      wait.selectors = [.job(job)]
      wait.tie = true
      let request = wait
      _ = try? session.persist(patience: .seconds(3600)) {
        (connection, isAgain) throws(CallError) in
        let number = try connection.ask(.wait(request))
        if isAgain { voice.detail("holds job \(job) again") }
        while case .body(.ended) = try connection.answer(to: number) {}
      }
    }
  }
}
