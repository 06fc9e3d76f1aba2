import FlusterTesting
import Glibc
import Testing

extension Programs {
  /// Every example of the pages of commands, of fluster(7) and of fluster-recipes(7) as it stands
  /// there.
  ///
  /// In a transcript the ids are those of the page: a number that a command is said to print is
  /// from then on the number that it has printed. A line of output that reads `...` stands for any
  /// lines; times, spans, sizes and names of users and hosts may be others than on the page.
  @Suite("the examples of the manual pages")
  struct Examples {
    private static let root = #filePath.split(separator: "/").dropLast(3)
      .reduce(into: "") { $0 += "/\($1)" }

    /// Pages about commands. Those of daemons and formats show what a machine of one's own is
    /// needed for.
    static let pages =
      names(in: "\(root)/man").filter { $0.hasSuffix(".1") || $0.hasSuffix(".7") }.sorted()

    @Test("prints what the page says", arguments: pages)
    func page(name: String) throws {
      let page = ManualPage(
        try text(at: "\(Self.root)/man/\(name)"), everywhere: name == "fluster-recipes.7")
      #expect(!page.examples.isEmpty, "\(name) has no examples")
      try Instance.with(
        worker: ["--cpus", "8", "--mem", "4G", "-r", "gpu=2"] + ExampleStage.attributes
      ) { instance in
        var stage = try ExampleStage(instance)
        for example in page.examples {
          let place = "man/\(name):\(example.line)"
          if let reason = ExampleStage.skipped(example) {
            print("\(place): not run, because \(reason)")
            continue
          }
          switch example.kind {
          case .transcript(let steps): try stage.run(steps, at: place)
          case .script: try stage.run(script: example.lines.joined(separator: "\n"), at: place)
          case .crontab: try stage.check(crontab: example.lines, at: place)
          case .units(let units): try stage.check(units: units, at: place)
          }
        }
        try stage.clear()
      }
    }
  }
}
