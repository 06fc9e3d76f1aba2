import FlusterTesting
import Testing

@Suite("the repository as a whole")
struct RepositoryTests {
  @Test("the top level is what the design lists and nothing else")
  func topLevel() throws {
    guard let tracked = Repository.tracked else {
      #expect(maySkip(because: "this is not a git clone"))
      return
    }
    let top = Set(tracked.compactMap { $0.split(separator: "/").first.map(String.init) })
    let wanted: Set = [
      "Package.swift", "Sources", "Tests", "contrib", "man", "README.md", "NEWS.md",
    ]
    #expect(top.filter { !$0.hasPrefix(".") } == wanted)
    #expect(!tracked.contains { $0.hasSuffix("Package.resolved") || $0.hasPrefix(".build") })
  }

  @Test("the committed protobuf code was made from the committed fluster.proto")
  func protocolHash() throws {
    let directory = "\(Repository.root)/Sources/FlusterProtocol"
    let recorded = try text(at: "\(directory)/fluster.proto.sha256").prefix { $0 != " " }
    let sum = try run("sha256sum", "\(directory)/fluster.proto").output.prefix { $0 != " " }
    #expect(
      sum == recorded.prefix { !$0.isNewline },
      "run contrib/regenerate-protocol after changing fluster.proto")
  }

  @Test("README fits on two screens")
  func readme() throws {
    let readme = try #require(SourceFile("README.md"))
    #expect(readme.lines.count <= 121)
  }

  @Test("every file that README names is there")
  func readmeNames() throws {
    let readme = try text(at: "\(Repository.root)/README.md")
    let named = readme.matches(of: /`((?:Sources|Tests|contrib|man)\/[\w.+\/-]+)`/)
    #expect(named.count > 20)
    for match in named {
      #expect(Tool.exists("\(Repository.root)/\(match.1)"), "\(match.1)")
    }
  }

  @Test("shell scripts pass shellcheck")
  func shellcheck() throws {
    guard Tool.isInstalled("shellcheck") else {
      #expect(maySkip(because: "shellcheck is not installed"))
      return
    }
    for script in Repository.scripts {
      let checked = try run("shellcheck", "\(Repository.root)/\(script)")
      #expect(checked.status == 0, "\(checked)")
    }
  }

  @Test("every script can be executed and stops at the first error")
  func scripts() {
    for script in Repository.scripts {
      #expect(Tool.isExecutable("\(Repository.root)/\(script)"), "\(script)")
      #expect(script.lines.contains { $0.hasPrefix("set -eu") }, "\(script)")
    }
  }

  @Test("every mutation that contrib/mutations lists fits the sources")
  func mutations() throws {
    let checked = try run("\(Repository.root)/contrib/mutations", "--check")
    #expect(checked.status == 0, "\(checked)")
  }
}
