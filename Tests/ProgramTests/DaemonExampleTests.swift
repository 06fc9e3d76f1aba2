import FlusterTesting
import Glibc
import Testing

extension Programs {
  /// The examples of the pages of daemons and of the files that they read and write: as they stand
  /// there, but with other places for the system's.
  @Suite("the examples of the pages about daemons and files")
  struct DaemonExamples {
    @Test("fluster-store(5): the store is read, checked, copied and put back by what the page says")
    func store() throws {
      try Instance.with { instance in
        for words in [["true"], ["false"]] {
          let id = try instance.launch(["fluster-submit", "--"] + words).finish().output.trimmed
          _ = try instance.wait(id)
        }
        let backup = "\(instance.files)/backup"
        mkdir(backup, 0o700)
        let places = [
          ("/var/lib/fluster", instance.stateDirectory), ("/backup", backup),
          (" -o fluster -g fluster", ""), ("2026-11-20", "$(date +%F)"),
        ]
        let page = try examples(of: "fluster-store.5")
        #expect(page.count == 4)
        for (index, example) in page.enumerated() {
          guard case .transcript(let steps) = example.kind else {
            Issue.record("line \(example.line) is no transcript")
            continue
          }
          // The last one is about a flusterd that has ended.
          if index == page.count - 1 { try instance.end(.controller, by: SIGTERM) }
          let script = places.reduce(steps.map(\.command).joined(separator: "\n")) {
            $0.replacing($1.0, with: $1.1)
          }
          let shown = try instance.run("bash", "-ec", script)
          #expect(shown.status == 0 && shown.errors == "", "\(script)\n\(shown)")
          let expected = steps.flatMap(\.output)
          if !expected.isEmpty { #expect(shown.lines == expected) }
          if script.contains("GROUP BY name") { #expect(shown.lines == ["false|1"]) }
        }
        try instance.start(.controller)
        #expect(try instance.run("fluster-ls", "-A", "-q").lines.count == 2)
      }
    }

    @Test("fluster.conf(5): the daemons take the settings")
    func configuration() throws {
      let page = try examples(of: "fluster.conf.5")
      #expect(page.count >= 3)
      for example in page {
        // A group that every machine has.
        let settings = example.lines.joined(separator: "\n").replacing("=lab", with: "=users")
        if example.lines[0] == "[Shim]" {
          try shim(takes: settings)
          continue
        }
        try Instance.with(worker: [], settings: "\(settings)\n") { instance in
          try eventually("the worker is there") {
            try instance.run("fluster-ctl", "workers").output.contains("ready")
          }
        }
      }
    }

    private func shim(takes settings: String) throws {
      guard geteuid() == 0 else {
        #expect(maySkip(because: "the shim of a system instance is root's"))
        return
      }
      try Instance.with(daemons: []) { instance in
        let path = "\(instance.files)/shim.conf"
        try write("\(settings)\n", to: path)
        let daemon = try instance.launch(
          ["fluster-shim", "--system", "--config", path, "--listen", "\(instance.files)/s"]
            + [
              "--state", "\(instance.files)/state", "--log-directory", instance.files,
              "--worker-uid", "\(geteuid())",
            ])
        try eventually("the shim listens, or has ended") {
          Programs.answers("\(instance.files)/s") || !daemon.isRunning
        }
        daemon.signal(SIGTERM)
        let ended = try daemon.finish(within: 20)
        #expect(ended.status == 0, "\(settings)\n\(ended)")
      }
    }

    @Test("flusterd(8), fluster-worker(8), fluster-shim(8): the daemons start as the page says")
    func daemons() throws {
      for page in ["flusterd.8", "fluster-worker.8", "fluster-shim.8"] {
        for example in try examples(of: page) {
          switch example.kind {
          case .transcript(let steps):
            try serves(steps.map(\.command).joined(separator: "\n"), beside: page)
          case .script: try serves(example.lines.joined(separator: "\n"), beside: page)
          case .settings:
            let unit = try text(
              at: "\(Examples.root)/contrib/systemd/system/\(page.dropLast(2)).service")
            for line in example.lines where line.contains("=") {
              #expect(unit.contains("\n\(line)\n"), "\(line)")
            }
          case .crontab, .units: Issue.record("man/\(page):\(example.line): not of a daemon")
          }
        }
      }
    }

    /// Starts what the page says beside what that needs, waits until it is at work, and ends it.
    private func serves(_ script: String, beside page: String) throws {
      let needs: [Instance.Daemon] =
        switch page {
        case "fluster-worker.8": [.shim, .controller]
        case _: []
        }
      try Instance.with(daemons: needs) { instance in
        let place = "\(instance.files)/t"
        let here = script.replacing("/tmp/try", with: place).replacing("/tmp/f/", with: "\(place)/")
        if !here.contains("mkdir") { mkdir(place, 0o700) }
        // The page leaves it to its reader to end them.
        let program = try instance.launch(["bash", "-ec", "\(here) &\nwait"])
        do {
          try eventually("what \(page) starts is at work") {
            switch page {
            case "fluster-worker.8":
              let workers = try instance.run("fluster-ctl", "workers", "--no-header").output
              return workers.contains("ready")
            case "flusterd.8":
              return try instance.run("fluster-ctl", "--socket", "\(place)/control.sock", "status")
                .status == 0
            case _: return Programs.answers("\(place)/shim.sock")
            }
          }
        } catch {
          Issue.record("\(script)\n\(program.outputSoFar)\n\(error)")
        }
        for stray in instance.strays { kill(stray, SIGTERM) }
        _ = try program.finish(within: 20)
        try instance.waitUntilOnlyDaemonsRun()
      }
    }

    private func examples(of name: String) throws -> [ManualPage.Example] {
      let page = ManualPage(try text(at: "\(Examples.root)/man/\(name)"), everywhere: false)
      #expect(!page.examples.isEmpty, "\(name) has no examples")
      return page.examples
    }
  }
}
