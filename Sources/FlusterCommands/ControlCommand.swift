package import ArgumentParser
package import FlusterClient
import FlusterProtocol
import FlusterSystem

/// fluster-ctl: shows the instance and its workers, and changes workers.
package struct ControlCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-ctl", abstract: "Administer an instance and its workers.",
    usage: """
      fluster-ctl [options] status|users|check
      fluster-ctl [options] workers|drain|resume|forget [worker ...]
      fluster-ctl [options] endpoints [prefix]
      fluster-ctl [options] backup file
      """,
    version: "fluster-ctl \(FlusterVersion.software)")

  @Flag(name: .customShort("l"), help: "Of workers: each in full, with what it runs.")
  var long = false

  @Flag(help: "Of workers: with what they run.")
  var tasks = false

  @OptionGroup var output: OutputOptions
  @OptionGroup package var shared: SharedOptions

  @Argument(help: ArgumentHelp("What to do, and the workers it is about.", valueName: "verb"))
  var words: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    let operands = Array(words.dropFirst())
    guard let verb = words.first else {
      throw .usage("no verb is given", wayOut: ControlCommand.verbs)
    }
    guard verb == "workers" || !(long || tasks) else {
      throw .usage("\(long ? "-l" : "--tasks") belongs to workers")
    }
    switch verb {
    case "workers":
      let form: WorkerPrinter.Form = output.json ? .json : talk.quiet ? .ids : long ? .long : .table
      let printer = try WorkerPrinter(form, output)
      try printer.print(operands, tasks: tasks || long, try session(voice))
      return ExitStatus.done.rawValue
    case "status":
      guard operands.isEmpty else { throw .usage("status takes no operand") }
      try InstanceStatus.print(asJSON: output.json, try session(voice))
      return ExitStatus.done.rawValue
    case "users":
      guard operands.isEmpty else { throw .usage("users takes no operand") }
      try UserTable.print(output, try session(voice))
      return ExitStatus.done.rawValue
    case "endpoints":
      guard operands.count <= 1 else { throw .usage("endpoints takes one prefix, or none") }
      try showEndpoints(operands.first ?? "", voice)
      return ExitStatus.done.rawValue
    case "check":
      guard operands.isEmpty else { throw .usage("check takes no operand") }
      var checkup = Checkup(of: try Instance.choose(option: shared.socket))
      checkup.run(try session(voice))
      try checkup.print(asJSON: output.json)
      return checkup.isWell ? ExitStatus.done.rawValue : ExitStatus.no.rawValue
    case "backup":
      guard operands.count == 1 else { throw .usage("backup takes one file") }
      try StoreBackup.write(to: operands[0], try session(voice))
      return ExitStatus.done.rawValue
    case "drain": return try change(.drain, operands, voice)
    case "resume": return try change(.resume, operands, voice)
    case "forget": return try change(.forget, operands, voice)
    default: throw .usage("there is no verb \"\(verb)\"", wayOut: ControlCommand.verbs)
    }
  }

  private static let verbs = """
    the verbs are status, workers, drain, resume, forget, users, endpoints, check and backup
    """

  private func showEndpoints(_ prefix: String, _ voice: Voice) throws(Failure) {
    var list = WireListEndpoints()
    list.prefix = prefix
    var session = try session(voice)
    try EndpointTable.print(try session.endpoints(list), output)
  }

  /// Changes one worker after the other. What cannot be done to one does not keep the others from
  /// it; the status is that of the first failure.
  private func change(
    _ verb: WireChangeWorker.Verb, _ workers: [String], _ voice: Voice
  ) throws(Failure) -> Int32 {
    guard !workers.isEmpty else {
      throw .usage("no worker is named", wayOut: "fluster-ctl workers lists them")
    }
    var session = try session(voice)
    var status = ExitStatus.done
    for worker in workers {
      var request = WireChangeWorker()
      request.id = worker
      request.verb = verb
      do throws(Failure) {
        try session.perform(.changeWorker(request))
      } catch {
        guard [.data, .notFound, .permission].contains(error.status) else { throw error }
        voice.complain(error)
        if status == .done { status = error.status }
      }
    }
    return status.rawValue
  }
}
