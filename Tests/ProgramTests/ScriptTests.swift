import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("scripts")
  struct Scripts {
    @Test("a script runs as it was when it was submitted, whatever becomes of its file")
    func copied() throws {
      try Instance.with(daemons: [.shim, .controller]) { instance in
        let file = "\(instance.files)/job.sh"
        try write("#!/bin/sh -e\necho \"first $# $2\"; false; echo never\n", to: file)
        let id = try instance.submit("-s", "job.sh", "--", "a", "b c")
        try write("echo changed\n", to: file)
        unlink(file)
        // It is the store that keeps it.
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        try instance.start(.worker)
        #expect(try instance.wait(id) == 1)
        #expect(try instance.log(of: id) == "first 2 b c\n")
        #expect(try instance.column("NAME", of: id) == "job.sh")
        #expect(
          try instance.run("fluster-ls", "--script", id).output
            == "#!/bin/sh -e\necho \"first $# $2\"; false; echo never\n")
      }
    }

    @Test("standard input is a script where there is no command, and the shell's without #!")
    func standardInput() throws {
      try Instance.with { instance in
        let given = try instance.run("fluster-submit", input: "read x; echo \"$# <$x>\"\n")
        #expect(given.status == 0, "\(given)")
        let id = try #require(given.lines.first)
        #expect(try instance.wait(id) == 0)
        #expect(try instance.log(of: id) == "0 <>\n")
        #expect(try instance.column("NAME", of: id) == "stdin")
        let waited = try instance.run(
          "fluster-submit", "--wait", "-n", "x", "-", "-v", input: "exit $(($# + 6))")
        #expect(waited.status == 7, "\(waited)")
        let run = try instance.run("fluster-run", "-", "a", input: "#!/bin/cat\n")
        #expect(run.status == 1 && run.output == "#!/bin/cat\n", "\(run)")
        try write("cat; echo \"$1\"", to: "\(instance.files)/s")
        let fed = try instance.run("fluster-run", "-s", "s", "z", input: "fed\n")
        #expect(fed.status == 0 && fed.output == "fed\nz\n", "\(fed)")
      }
    }

    @Test("retries and tasks of an array run the same bytes, zeros and all")
    func again() throws {
      try Instance.with { instance in
        let file = "\(instance.files)/s"
        let text = "cksum <\"$0\"; test $FLUSTER_ATTEMPT = 1; exit\n\0\u{1}\n"
        try write(text, to: file)
        let sum = try instance.run("sh", "-c", "cksum <s").output
        let id = try instance.submit(
          "-a", "1-3", "--retries", "1", "--backoff", "1ms..1ms", "-s", file)
        #expect(try instance.run("fluster-wait", id).status == 0)
        let log = try instance.run("fluster-log", "--attempt", "all", id).output
        #expect(log == String(repeating: sum, count: 6))
      }
    }

    @Test("what cannot be a script is refused where it is submitted")
    func refused() throws {
      try Instance.with(daemons: [.controller]) { instance in
        mkdir("\(instance.files)/directory", 0o755)
        for (name, text) in [
          ("empty", ""), ("relative", "#!python3\n"), ("dos", "#!/bin/sh\r\n"),
          ("elf", "\u{7f}ELF"),
        ] {
          try write(text, to: "\(instance.files)/\(name)")
        }
        for (words, input, status, sentence) in [
          (["-s", "empty"], "", 65, "the script empty is empty"),
          (["-"], "", 65, "the script on standard input is empty"),
          (["-s", "relative"], "", 65, "relative:1: \"#!python3\" names no interpreter"),
          (["-s", "dos"], "", 65, "dos:1: the line ends with a carriage return"),
          (["-s", "elf"], "", 65, "elf is a program"),
          (["-s", "none"], "", 66, "cannot read the script none: "),
          (["-s", "directory"], "", 66, "cannot read the script directory: "),
          (["-s", "", "x"], "", 64, "-s: the file is empty"),
          (["-s", "dos", "-"], "", 64, "exclude each other"),
          (["-s", "dos", "-x"], "", 64, "unknown option -x"),
          (["-c", "x", "-s", "dos"], "", 64, "-c and -s exclude each other"),
          (["-"], String(repeating: "x", count: (4 << 20) + 1), 65, "is longer than 4M"),
        ] {
          let refused = try instance.launch(["fluster-submit"] + words, input: input).finish()
          #expect(refused.status == status && refused.errors.contains(sentence), "\(refused)")
          #expect(refused.output == "")
        }
        let long = try instance.run(
          "fluster-submit", "-", input: String(repeating: "x", count: 4 << 20))
        #expect(long.status == 0, "\(long)")
      }
    }

    @Test("without its interpreter a script does not start, and that is told")
    func noInterpreter() throws {
      try Instance.with { instance in
        let id = try #require(
          try instance.run("fluster-submit", "-", input: "#!/no/such/thing -x\n").lines.first)
        #expect(try instance.wait(id) == 126)
        let shown = try instance.run("fluster-ls", "-l", id).output
        #expect(shown.contains("/no/such/thing") && shown.contains("no such file"), "\(shown)")
      }
    }

    @Test("under one key another script is another request")
    func key() throws {
      try Instance.with(daemons: [.controller]) { instance in
        func submit(_ text: String) throws -> Finished {
          try instance.run("fluster-submit", "-k", "once", "-", input: text)
        }
        let first = try submit("true")
        #expect(try submit("true").output == first.output)
        #expect(try submit("false").status == 65)
      }
    }

    @Test("options in a script are options, and the command line wins")
    func options() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let text = """
          #!/bin/sh
          #FLUSTER -n 'from the script' --retries 3 -r lic=1
          #FLUSTER --hold
          """
        try write(text, to: "\(instance.files)/s")
        for command in ["fluster-submit", "fluster-run"] {
          let tried = try instance.run(
            command, "--dry-run", "--retries=2", "-r", "gpu=1", "-s", "s")
          for part in [
            "\"name\":\"from the script\"", "\"retries\":2", "\"held\":true",
            "\"resources\":{\"lic\":1,\"gpu\":1}",
          ] {
            #expect(tried.output.contains(part), "\(tried)")
          }
        }
        let read = try instance.run("fluster-submit", "--dry-run", "-nx", "-", "a", input: text)
        #expect(read.output.contains("\"name\":\"x\"") && read.output.contains("\"held\":true"))
        let refused = try instance.run(
          "fluster-submit", "-", input: "#!/bin/sh\n\n# why\n#FLUSTER --wait\n")
        #expect(refused.status == 65, "\(refused)")
        #expect(
          refused.errors.contains("standard input:4: --wait cannot stand in a script"), "\(refused)"
        )
      }
    }

    @Test("it is shown that a job runs a script, and how long it is")
    func shown() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let id = try #require(try instance.run("fluster-submit", "-", input: "true\n").lines.first)
        let json = try instance.run("fluster-ls", "-l", "--json", id).output
        #expect(json.contains("\"script_bytes\":5"), "\(json)")
        #expect(try instance.run("fluster-ls", "-l", id).output.contains("script:      5B"))
        let tried = try instance.run("fluster-submit", "--dry-run", "-", input: "true\n").output
        #expect(tried.contains("\"command\":[\"/bin/sh\",\"-\"]"), "\(tried)")
        let plain = try instance.submit("true")
        #expect(try instance.run("fluster-ls", "--script", plain).status == 66)
      }
    }
  }
}
