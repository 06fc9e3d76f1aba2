import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("commands in surroundings that nobody wants")
  struct Corners {
    @Test("a result for a closed or full standard output is a failure, and goes nowhere else")
    func closedOutput() throws {
      try Instance.with { instance in
        let id = try instance.submit("-a", "1-2", "--", "true")
        #expect(try instance.wait(id) == 0)
        for sink in [">&-", ">/dev/full"] {
          for (status, line) in [
            (75, "fluster-submit true"), (125, "fluster-submit --wait true"), (75, "fluster-ls"),
            (125, "fluster-wait \(id)"), (75, "fluster ls"), (125, "fluster-wait --help"),
          ] as [(Int32, String)] {
            let finished = try instance.run("sh", "-c", "\(line) \(sink)")
            #expect(finished.status == status, "\(line) \(sink): \(finished)")
            #expect(finished.errors.contains("standard output"), "\(line) \(sink): \(finished)")
          }
        }
        let nothing = try instance.run("sh", "-c", "exec fluster-submit true <&- >&- 2>&-")
        #expect(nothing.status == 75)
        #expect(!instance.said(by: .controller).contains { $0.contains("frame") })
      }
    }

    @Test("a wait with a time-out ends in time when flusterd hangs or has gone, with 124")
    func timeout() throws {
      try Instance.with { instance in
        let id = try instance.submit("--hold", "--", "true")
        let ended = try instance.submit("--", "true")
        #expect(try instance.wait(ended) == 0)
        #expect(try instance.run("fluster-wait", "--timeout", "0", ended).status == 0)
        #expect(try instance.run("fluster-wait", "--timeout", "0", id).status == 124)
        kill(try instance.pid(of: .controller), SIGSTOP)
        let waits = try instance.run("fluster-wait", "--timeout", "1", id, within: 10)
        #expect(waits.status == 124 && waits.errors.contains("does not answer"), "\(waits)")
        let newest = try instance.run("fluster-wait", "--timeout", "1", "@last", within: 10)
        #expect(newest.status == 124, "\(newest)")
        kill(try instance.pid(of: .controller), SIGCONT)
        let socket = instance.controlSocket
        try eventually("nobody is connected") { Programs.connections(at: socket) == 0 }
        let waiter = try instance.launch(["fluster-wait", "--timeout", "3", id])
        try eventually("the wait is connected") { Programs.connections(at: socket) == 1 }
        try instance.end(.controller, by: SIGKILL)
        let gone = try waiter.finish(within: 10)
        #expect(gone.status == 124, "\(gone)")
      }
    }

    @Test("the log of what never executed its command is empty, and that is no failure")
    func neverStarted() throws {
      try Instance.with { instance in
        let id = try instance.submit("--retries", "1", "--", "no-such-command")
        #expect(try instance.wait(id) == 126)
        for options in [[], ["-f"], ["--attempt", "1"], ["--attempt", "all"], ["-f", "-n", "1"]] {
          let log = try instance.launch(["fluster-log"] + options + [id]).finish()
          #expect(log.status == 0 && log.output.isEmpty, "\(options): \(log)")
          #expect(log.errors.contains("did not start"), "\(options): \(log)")
        }
        let none = try instance.run("fluster-log", "--attempt", "7", id)
        #expect(none.status == 66 && none.errors.contains("job \(id) has no attempt 7"), "\(none)")
      }
    }

    @Test("what a job is called by cannot speak to the terminal of who lists it")
    func escapes() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let id = try instance.submit("--hold", "-C", "/\u{1b}[2J", "--", "\u{1b}[31m", "a\nb")
        for options in [["-l"], ["-o", "COMMAND,DIRECTORY"], ["--json", "-l"]] {
          let shown = try instance.launch(["fluster-ls", "--no-header"] + options + [id]).finish()
          #expect(!shown.output.contains("\u{1b}") && !shown.output.contains("a\nb"), "\(shown)")
        }
      }
    }

    @Test("options that are no UTF-8 are refused, and words of the command are kept")
    func bytes() throws {
      try Instance.with { instance in
        let refused = try instance.run(
          "sh", "-c", "fluster-submit -o \"$(printf 'a\\377')\" true")
        #expect(refused.status == 64 && refused.errors.contains("UTF-8"), "\(refused)")
        let kept = try instance.run(
          "sh", "-c", "fluster-submit --wait -o bytes -- printf %s \"$(printf 'a\\377')\"")
        #expect(kept.status == 0, "\(kept)")
        #expect(try instance.run("od", "-An", "-tx1", "bytes").output == " 61 ff\n")
      }
    }

    @Test("from a directory that is gone a job can be submitted to another")
    func goneDirectory() throws {
      try Instance.with { instance in
        let line = "mkdir gone && cd gone && rmdir ../gone && fluster-submit --wait"
        #expect(try instance.run("sh", "-c", "\(line) -C / -- true").status == 0)
        let lost = try instance.run("sh", "-c", "\(line) -- true")
        #expect(lost.status == 125 && lost.errors.contains("-C"), "\(lost)")
      }
    }

    @Test("listings and waits of more than fits unread come to their end")
    func large() throws {
      try Instance.with(daemons: [.controller]) { instance in
        // Larger than flusterd keeps unread for anybody.
        let words = Array(repeating: String(repeating: "x", count: 100_000), count: 6)
        for _ in 0..<4 {
          let submitted = try instance.launch(["fluster-submit", "--hold", "true"] + words).finish()
          try #require(submitted.status == 0, "\(submitted)")
        }
        let listed = try instance.run("fluster-ls", "-l")
        #expect(listed.output.utf8.count > 2_400_000)
        let ids = listed.lines.filter { $0.hasPrefix("job ") }
        #expect(ids.count == 4)
      }
    }
  }
}
