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
    static let root = #filePath.split(separator: "/").dropLast(3)
      .reduce(into: "") { $0 += "/\($1)" }

    /// Pages about commands and what they print. For those of the daemons see DaemonExampleTests,
    /// and for fluster-protocol(5) FlusterProtocolTests.
    static let pages =
      names(in: "\(root)/man").filter {
        $0.hasSuffix(".1") || $0.hasSuffix(".7") || $0 == "fluster-json.5"
      }.sorted()

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
          case .settings: Issue.record("\(place): no page of a command has settings")
          }
        }
        try stage.clear()
      }
    }

    @Test("the README's six lines do what they say")
    func readme() throws {
      let lines = try text(at: "\(Self.root)/README.md").split(
        separator: "\n", omittingEmptySubsequences: false)
      let heading = try #require(lines.firstIndex(of: "## Six lines"))
      let six = lines[(heading + 1)...].drop { $0.isEmpty }.prefix { $0.hasPrefix("    ") }
      try #require(six.count == 6)
      // The programs of this test were built before it.
      #expect(six.first?.contains("swift build -c release --static-swift-stdlib && PATH=") == true)
      try Instance.with(daemons: []) { instance in
        let script = six.dropFirst().map { $0.dropFirst(4) }.joined(separator: "\n")
        let shown = try instance.run("bash", "-ec", script)
        #expect(shown.status == 0, "\(shown)")
        let expected = /\d+\n(\d+\.[1-4] succeeded 0\n){4}1\n4\n9\n16\n\d+\nit ended with 7\n/
        #expect(shown.output.wholeMatch(of: expected) != nil, "\(shown)")
      }
    }
  }
}
