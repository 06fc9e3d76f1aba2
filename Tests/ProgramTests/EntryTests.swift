import FlusterProtocol
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("a task for each line")
  struct Entries {
    @Test("each task has its line, in its words and its environment, whatever is killed meanwhile")
    func lines() throws {
      try Instance.with(daemons: [.shim, .controller]) { instance in
        try write("one\n\n t wo \r\n$(id);'\nlast", to: "\(instance.files)/list")
        let id = try instance.submit(
          "--each-line", "list", "--retries", "1", "--backoff", "1ms..1ms", "--", "sh", "-c",
          "printf '%s|' \"$1\" \"$FLUSTER_ENTRY\"; test $FLUSTER_ATTEMPT = 1", "-", "<{}{}")
        unlink("\(instance.files)/list")
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try instance.start(.worker)
        #expect(try instance.run("fluster-wait", id).status == 0)
        let entries = ["one", "", " t wo \r", "$(id);'", "last"]
        for (index, entry) in entries.enumerated() {
          let log = try instance.run(
            "fluster-log", "--attempt", "all", "\(id).\(index + 1)"
          ).output
          let once = "<\(entry)\(entry)|\(entry)|"
          #expect(log == once + once)
        }
        #expect(try instance.run("fluster-ls", "--no-header", "--tasks", id).lines.count == 5)
        let shown = try instance.run("fluster-ls", "--tasks", "-l", "--json", id).output
        #expect(shown.contains("\"entry\":\"$(id);'\""), "\(shown)")
      }
    }

    /// Lines of ten digits.
    private static func longList(of lines: Int) -> String {
      (0..<lines).map { "\(1_000_000_000 + $0)\n" }.joined()
    }

    /// The bytes that have come in of a list, as far as flusterd has them in a file.
    private func received(_ instance: Instance) throws -> Int? {
      let files = "/proc/\(try instance.pid(of: .controller))/fd"
      return names(in: files).lazy.compactMap { name -> Int? in
        var target = [CChar](repeating: 0, count: 4096)
        let count = readlink("\(files)/\(name)", &target, target.count)
        let path = String(
          decoding: target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var status = stat()
        guard path.contains("/entries."), stat("\(files)/\(name)", &status) == 0 else { return nil }
        return Int(status.st_size)
      }.first
    }

    @Test("a list of which flusterd has only a part when it dies is sent again, and is one job")
    func resent() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let list = Self.longList(of: 3_000_000)
        try write(list, to: "\(instance.files)/list")
        let submit = try instance.launch(["fluster-submit", "--each-line", "list", "echo", "{}"])
        let controller = try instance.pid(of: .controller)
        try eventually("a part has come") {
          guard try received(instance) ?? 0 > 0 else { return false }
          return kill(controller, SIGSTOP) == 0
        }
        #expect(try received(instance) ?? 0 < list.utf8.count)
        try instance.end(.controller, by: SIGKILL)
        #expect(submit.isRunning)
        try instance.start(.controller)
        let submitted = try submit.finish(within: 60)
        #expect(submitted.status == 0, "\(submitted)")
        let jobs = try instance.run("fluster-ls", "-A", "--json").lines
        #expect(jobs.count == 1 && jobs[0].contains("\"count\":3000000"), "\(jobs)")
        let last = try instance.run("fluster-ls", "-l", "\(submitted.output.trimmed).3000000")
        #expect(last.output.contains("entry:       1002999999"), "\(last)")
      }
    }

    @Test(
      "a disk that fills while a list comes in leaves no job and no file, and it may be sent again")
    func fullDisk() throws {
      try Instance.with(daemons: []) { instance in
        for name in ["\(instance.directory)/state", instance.stateDirectory] { mkdir(name, 0o700) }
        guard let disk = SmallDisk(at: instance.stateDirectory, megabytes: 64) else {
          #expect(maySkip(because: "a small disk needs root"))
          return
        }
        defer { disk.end() }
        chmod(instance.stateDirectory, 0o700)
        try instance.start(.controller)
        try write(Self.longList(of: 1_000_000), to: "\(instance.files)/list")
        let before = names(in: instance.stateDirectory).sorted()
        try disk.fill(megabytes: 55)
        let words = ["fluster-submit", "--each-line", "list", "--", "echo", "{}"]
        let refused = try instance.launch(words).finish()
        #expect(refused.status == 75 && refused.output == "", "\(refused)")
        #expect(refused.errors.contains("no space left on device"), "\(refused)")
        disk.empty()
        #expect(names(in: instance.stateDirectory).sorted() == before)
        #expect(try instance.run("fluster-ls", "-A", "-q").output == "")
        #expect(try instance.launch(words).finish().status == 0)
        #expect(try instance.run("fluster-ls", "-A", "-q").lines.count == 1)
        try instance.end(.controller, by: SIGTERM)
      }
    }

    @Test("one user has so many lists coming in at a time, and another when one has gone")
    func manyLists() throws {
      try Instance.with(daemons: [.controller]) { instance in
        func answer() throws -> (Talker, WireEnvelope?) {
          let talker = try Talker(to: instance.controlSocket)
          try talker.greet()
          var part = WireEntries()
          part.begin = true
          part.entries = .of(Array("one\0".utf8))
          try talker.send(WireEnvelope(request: 1, .entries(part)).frame())
          return (talker, try talker.receive())
        }
        var talkers: [Talker] = []
        for _ in 0..<64 {
          let (talker, told) = try answer()
          #expect(told?.error.code == .unspecified)
          talkers.append(talker)
        }
        #expect(try answer().1?.error.code == .resourceExhausted)
        talkers.removeLast()
        try eventually("there is room for another") {
          try answer().1?.error.code == .unspecified
        }
      }
    }

    @Test("a line is no part of a shell's program, and no other job is given one")
    func shell() throws {
      try Instance.with { instance in
        try write("$(echo bad)\n", to: "\(instance.files)/list")
        let line = try instance.run(
          "fluster-submit", "--wait", "--each-line", "list", "-c", "echo {} \"$FLUSTER_ENTRY\"")
        #expect(line.status == 0, "\(line)")
        #expect(try instance.log(of: "@last") == "{} $(echo bad)\n")
        let script = try instance.run(
          "fluster-run", "--each-line", "list", "-", "{}",
          input: "echo {} \"$1\"; fluster-submit --detach --wait printenv FLUSTER_ENTRY")
        #expect(script.status == 1 && script.output.hasPrefix("{} $(echo bad)\n"), "\(script)")
      }
    }

    @Test("lines come from a pipe, too, and %N says how many run at once")
    func pipe() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let piped = try instance.run(
          "sh", "-c", "seq 3000 | fluster-submit -a %2 --each-line - -- echo {}")
        #expect(piped.status == 0, "\(piped)")
        let shown = try instance.run("fluster-ls", "-l", "@last").output
        #expect(shown.contains("1-3000, 2 at once"), "\(shown)")
        let last = try instance.run("fluster-ls", "-l", "\(piped.lines[0]).3000").output
        #expect(last.contains("entry:       3000"), "\(last)")
        let again = try instance.run("fluster-submit", "--each-line", "-", "wc", input: "a\n")
        #expect(again.errors.contains("FLUSTER_ENTRY alone"), "\(again)")
      }
    }

    @Test("under one key another list is another request")
    func key() throws {
      try Instance.with(daemons: [.controller]) { instance in
        func submit(_ lines: String, _ more: String...) throws -> Finished {
          try instance.launch(
            ["fluster-submit", "-k", "k", "--each-line", "-"] + more + ["echo", "{}"], input: lines
          ).finish()
        }
        let first = try submit("a\nb\n")
        #expect(try submit("a\nb\n").output == first.output)
        #expect(try submit("a\nb", "--dry-run").status == 0)
        #expect(try submit("a\nc\n").status == 65)
      }
    }

    @Test("what cannot be a list is refused with its line")
    func refused() throws {
      try Instance.with(settings: "[Controller]\nMaxStoredBytes=1M\n", daemons: [.controller]) {
        instance in
        try write("a\n", to: "\(instance.files)/list")
        let long = String(repeating: "x", count: 131_057)
        for (words, input, status, sentence) in [
          (["--each-line", "-", "x"], "a\nb\0c\n", 65, "standard input:2: a zero byte"),
          (["--each-line", "-", "x"], "a\n\(long)\n", 65, "standard input:2: the line is longer"),
          (["--each-line", "-", "x"], "", 65, "there are no lines in standard input"),
          (["--each-line", "none", "x"], "", 66, "cannot read the lines of none: "),
          (["--each-line", ".", "x"], "", 66, "cannot read the lines of .: "),
          (["--each-line", "", "x"], "", 64, "--each-line: the file is empty"),
          (["--each-line", "list", "-a", "1-3", "x"], "", 64, "not how many run at once"),
          (["--each-line", "list", "-a", "%0", "x"], "", 64, "not how many run at once"),
          (["--each-line", "-", "-"], "a\n", 64, "cannot be the script and the lines"),
          (["--each-line", "-"], "a\n", 64, "no command is given"),
          (
            ["--each-line", "-", "x"], String(repeating: "a\n", count: 600_000), 75,
            "MaxStoredBytes"
          ),
        ] {
          let refused = try instance.launch(["fluster-submit"] + words, input: input).finish()
          #expect(refused.status == status && refused.errors.contains(sentence), "\(refused)")
          #expect(refused.output == "")
        }
        #expect(try instance.run("fluster-ls", "-A", "--no-header").output == "")
        // Nothing is left of what was sent.
        let left = names(in: instance.stateDirectory).filter { $0.hasPrefix("entries") }
        #expect(left == [])
        try eventually("the lists are closed") { try received(instance) == nil }
      }
    }
  }
}
