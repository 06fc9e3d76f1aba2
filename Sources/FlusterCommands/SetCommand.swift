package import ArgumentParser
package import FlusterClient
package import FlusterProtocol

/// fluster-set: changes jobs that are not over.
package struct SetCommand: AskingCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fluster-set", abstract: "Hold or release jobs.",
    usage: "fluster-set [options] selector ... hold|release",
    version: "fluster-set \(FlusterVersion.software)")

  @OptionGroup package var shared: SharedOptions

  @Argument(help: ArgumentHelp("What to change, then hold or release.", valueName: "selector"))
  var words: [String] = []

  /// Nothing given; filled in by the parser.
  package init() {}

  /// The program: runs and exits.
  package static func start() -> Never { Runner.main(self) }

  package func execute(_ voice: Voice) throws(Failure) -> Int32 {
    let request = try request()
    return try perform(.set(request), on: request.selectors, voice)
  }

  /// What is asked of flusterd.
  package func request() throws(Failure) -> WireSet {
    var request = WireSet()
    switch words.last {
    case "hold": request.verb = .hold
    case "release": request.verb = .release
    case let word:
      let found = word.map { ", not \"\($0)\"" } ?? ""
      throw .usage("the last word must be hold or release\(found)")
    }
    guard words.count > 1 else {
      throw .usage("nothing to change was named", wayOut: SelectorArgument.forms)
    }
    request.selectors = try SelectorArgument.parse(all: Array(words.dropLast()))
    return request
  }
}
