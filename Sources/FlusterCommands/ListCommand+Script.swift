import FlusterClient
import FlusterProtocol

extension ListCommand {
  /// The bytes of a job's script, and nothing else.
  func printScript(_ voice: Voice) throws(Failure) -> Int32 {
    let parsed = try SelectorArgument.parse(all: selectors)
    guard parsed.count == 1, let selector = parsed.first, !selector.namesTasks else {
      throw .usage("--script is about one job", wayOut: "name it: fluster-ls --script 42")
    }
    guard !output.json, !long, columns.isEmpty, !isFeed else {
      throw .usage("--script prints the script alone, and goes with no other form")
    }
    var question = WireReadScript()
    question.job = selector
    var session = try session(voice)
    guard case .script(let answer) = try session.call(.readScript(question)) else {
      throw Failure(.internal, "flusterd answered something else than asked")
    }
    try StandardStream.print(answer.script.array)
    return ExitStatus.done.rawValue
  }
}
