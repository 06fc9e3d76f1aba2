package import ArgumentParser
package import FlusterClient
import FlusterCore
package import FlusterProtocol
import FlusterSystem

/// fluster-endpoint: says under which names tasks can be reached, and where.
package struct EndpointCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-endpoint", abstract: "Say where a task can be reached, or ask.",
    usage: """
      fluster-endpoint [options] add name address [key=value ...]
      fluster-endpoint [options] rm name
      fluster-endpoint [options] get name
      fluster-endpoint [options] ls [prefix]
      """,
    version: "fluster-endpoint \(FlusterVersion.software)")

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("In the tree of this job (the surrounding one).", valueName: "selector"))
  var job: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup package var shared: SharedOptions

  @Argument(help: ArgumentHelp("add, rm, get or ls, and what about.", valueName: "word"))
  var words: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  /// What is to be done.
  package enum Order: Hashable, Sendable {
    case add(WireRegisterEndpoint)
    case remove(WireUnregisterEndpoint)
    case get(WireListEndpoints)
    case list(WireListEndpoints)
  }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    _ = try output.isColoured(terminal: false, variable: Environment.variable)
    let order = try order(Environment.variable)
    var session = try session(voice)
    switch order {
    case .add(let wire): try session.perform(.registerEndpoint(wire))
    case .remove(let wire): try session.perform(.unregisterEndpoint(wire))
    case .get(let wire):
      guard let endpoint = try session.endpoints(wire).first else {
        throw Failure(.notFound, "no task in this tree can be reached as \(wire.prefix)")
      }
      try StandardStream.print(
        output.json ? endpoint.json.lineBytes : Array("\(endpoint.address)\n".utf8))
    case .list(let wire): try EndpointTable.print(try session.endpoints(wire), output)
    }
    return ExitStatus.done.rawValue
  }

  /// The words and options, read; `variable` gives the surrounding job's variables.
  package func order(_ variable: (String) -> String?) throws(Failure) -> Order {
    guard let verb = words.first else {
      throw .usage("nothing is asked for", wayOut: Self.forms)
    }
    let operands = Array(words.dropFirst())
    func check(_ counts: ClosedRange<Int>) throws(Failure) {
      guard counts.contains(operands.count) else {
        throw .usage("\(verb) does not take \(operands.count) words", wayOut: Self.forms)
      }
    }
    switch verb {
    case "add":
      guard operands.count >= 2 else {
        throw .usage("add needs a name and an address", wayOut: Self.forms)
      }
      return .add(try registration(operands, variable))
    case "rm":
      try check(1...1)
      var wire = WireUnregisterEndpoint()
      wire.name = operands[0]
      if job == nil, let own = try surrounding(variable) {
        wire.attemptUid = .of(own.attempt.bytes)
      } else {
        wire.tree = try tree(variable)
      }
      return .remove(wire)
    case "get":
      try check(1...1)
      var wire = WireListEndpoints()
      (wire.tree, wire.prefix, wire.exact) = (try tree(variable), operands[0], true)
      return .get(wire)
    case "ls":
      try check(0...1)
      var wire = WireListEndpoints()
      (wire.tree, wire.prefix) = (try tree(variable), operands.first ?? "")
      return .list(wire)
    default: throw .usage("there is no verb \"\(verb)\"", wayOut: Self.forms)
    }
  }

  private static let forms =
    "write add NAME ADDRESS [KEY=VALUE ...], rm NAME, get NAME or ls [PREFIX]"

  private func registration(
    _ operands: [String], _ variable: (String) -> String?
  ) throws(Failure) -> WireRegisterEndpoint {
    guard job == nil, let own = try surrounding(variable) else {
      throw .usage(
        "add is for the task that it runs in",
        wayOut: "run it inside a job, where FLUSTER_JOB_ID and FLUSTER_ATTEMPT_UID are set")
    }
    var wire = WireRegisterEndpoint()
    wire.endpoint.name = operands[0]
    wire.endpoint.address = operands[1]
    for word in operands.dropFirst(2) {
      guard let sign = word.firstIndex(of: "="), sign != word.startIndex else {
        throw .usage("\"\(word)\" is not KEY=VALUE")
      }
      var attribute = WireAttribute()
      attribute.key = String(word[..<sign])
      attribute.value = String(word[word.index(after: sign)...])
      wire.endpoint.metadata.append(attribute)
    }
    wire.endpoint.job = own.job
    wire.endpoint.attemptUid = .of(own.attempt.bytes)
    return wire
  }

  /// The attempt around this process; nil if there is none.
  private func surrounding(
    _ variable: (String) -> String?
  ) throws(Failure) -> (job: UInt64, attempt: AttemptUID)? {
    guard let word = variable("FLUSTER_ATTEMPT_UID"), !word.isEmpty else { return nil }
    guard let attempt = AttemptUID(hex: word),
      let job = variable("FLUSTER_JOB_ID").flatMap({ UInt64($0) })
    else { throw .usage("FLUSTER_ATTEMPT_UID and FLUSTER_JOB_ID name no attempt of a job") }
    return (job, attempt)
  }

  private func tree(_ variable: (String) -> String?) throws(Failure) -> WireSelector {
    if let job { return try SelectorArgument.parse(job) }
    guard let word = variable("FLUSTER_NAMESPACE"), !word.isEmpty else {
      throw .usage(
        "which tree is meant is not known outside a job", wayOut: "name a job of it with --job")
    }
    return try SelectorArgument.parse(word)
  }
}
