import FlusterTesting
import Testing

@Suite("the manual pages")
struct PageTests {
  @Test("every program has a page")
  func pages() {
    let without = Repository.programs.filter { Repository.page(of: $0) == nil }
    #expect(without.isEmpty, "\(without)")
  }

  @Test("mandoc finds nothing to warn about")
  func lint() throws {
    guard Tool.isInstalled("mandoc") else {
      #expect(maySkip(because: "mandoc is not installed"))
      return
    }
    let pages = Repository.files(in: "man", ending: ".1", ".5", ".7", ".8")
    #expect(!pages.isEmpty)
    for page in pages {
      let checked = try run(
        "mandoc", "-T", "lint", "-W", "warning", "\(Repository.root)/\(page)")
      let lines = checked.lines.filter { !$0.contains("outdated mandoc") }
      #expect(lines.isEmpty, "\(lines.joined(separator: "\n"))")
    }
  }

  @Test("every page of a command has EXIT STATUS and EXAMPLES")
  func sections() {
    for page in Repository.files(in: "man", ending: ".1", ".8") {
      #expect(page.lines.contains(".Sh EXIT STATUS"), "\(page)")
      if page.path.hasSuffix(".1") {
        #expect(page.lines.contains(".Sh EXAMPLES"), "\(page)")
      }
    }
  }

  @Test("a program's page lists the options the program knows, and no others")
  func options() throws {
    guard let products = Tool.products else {
      #expect(maySkip(because: "the programs are not built beside this test"))
      return
    }
    for program in Repository.programs {
      let page = try #require(Repository.page(of: program), "\(program) has no page")
      let known = try options(of: program, in: products)
      #expect(!known.isEmpty, "\(program) --help names no options")
      let listed = page.options.union(page.borrowedOptions)
      #expect(known.subtracting(listed).isEmpty, "\(page) does not list these of \(program)")
      #expect(listed.subtracting(known).isEmpty, "\(program) does not know these of \(page)")
    }
  }

  @Test("the catalog explains every message id that is told to the journal, and no other")
  func catalog() throws {
    let source = try #require(SourceFile("Sources/flusterd/EventMessage.swift"))
    let catalog = try #require(SourceFile("contrib/systemd/catalog/fluster.catalog"))
    let told = source.lines.compactMap { $0.firstMatch(of: /: "([0-9a-f]{32})"$/)?.1 }
    let explained = catalog.lines.compactMap { $0.wholeMatch(of: /-- ([0-9a-f]{32})/)?.1 }
    #expect(told.count > 20 && Set(told).count == told.count)
    #expect(told.sorted() == explained.sorted())
  }

  @Test("every setting of fluster.conf(5) is one that a daemon reads")
  func settings() throws {
    let page = try #require(SourceFile("man/fluster.conf.5"))
    let settings = page.lines.compactMap { $0.prefixMatch(of: /\.It Cm (\w+) Ns =/)?.1 }
    #expect(settings.count > 10)
    let daemons = ["flusterd", "fluster-worker", "fluster-shim"].flatMap {
      Repository.files(in: "Sources/\($0)", ending: ".swift")
    }
    for setting in settings {
      #expect(
        daemons.contains { file in file.lines.contains { $0.contains("\"\(setting)\"") } },
        "\(setting)")
    }
  }

  /// From the machine-readable help where there is one, else from the lines of the plain help that
  /// begin with an option.
  private func options(of program: String, in products: String) throws -> Set<String> {
    let path = "\(products)/\(program)"
    let dump = try run(path, "--experimental-dump-help")
    if dump.status == 0 && dump.output.contains("serializationVersion") {
      return options(inDump: dump.output)
    }
    let help = try run(path, "--help")
    return Set(
      help.lines.filter { $0.contains(/^ +-/) }.flatMap { line in
        line.split(separator: "  ", omittingEmptySubsequences: true)[0].matches(
          of: /(?:^|[ ,\/])(--?[A-Za-z][A-Za-z-]*)/
        ).map { String($0.1) }
      })
  }

  private func options(inDump dump: String) -> Set<String> {
    let kindFirst = /"kind"\s*:\s*"(long|short)",\s*"name"\s*:\s*"([^"]+)"/
    let found = dump.matches(of: kindFirst).map { match in
      match.1 == "long" ? "--\(match.2)" : "-\(match.2)"
    }
    return Set(found).subtracting(["--experimental-dump-help"])
  }
}

extension SourceFile {
  /// The options of another page that this one refers to as a whole, as of its own.
  var borrowedOptions: Set<String> {
    guard let first = lines.firstIndex(of: "All options of"), first + 1 < lines.count,
      let name = lines[first + 1].prefixMatch(of: /\.Xr ([\w-]+)/)?.1
    else { return [] }
    return SourceFile("man/\(name).1")?.options ?? []
  }

  /// The options a page has items for: `.It Fl n , -name Ar NAME` gives -n and --name.
  var options: Set<String> {
    var options: Set<String> = []
    for line in lines where line.hasPrefix(".It Fl ") {
      var isFlag = false
      for word in line.split(separator: " ").dropFirst() {
        if word.contains(/^[A-Z][a-z]$/) {
          isFlag = word == "Fl"
        } else if isFlag && !",|".contains(word) {
          options.insert("-\(word.prefix { $0 != "=" })")
        }
      }
    }
    return options
  }
}
