import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("output line by line")
  struct Output {
    private static var stamp: Regex<Substring> {
      #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /#
    }

    /// The lines of a log without their times; nil for one that has none.
    private static func plain(_ log: String) throws -> String {
      let stamp = stamp
      return try log.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        guard !line.isEmpty else { return "" }
        let match = try #require(line.prefixMatch(of: stamp), "\(line.prefix(80))")
        return String(line[match.range.upperBound...])
      }.joined(separator: "\n")
    }

    @Test("each line has its time, both streams in order, unless asked apart")
    func timestamps() throws {
      try Instance.with { instance in
        let script = "echo one; echo two >&2; echo three >>/dev/stderr; printf end"
        let together = try instance.submit("--timestamps", "-c", script)
        let apart = try instance.submit("--timestamps", "-E", "errors", "-c", script)
        #expect(try instance.run("fluster-wait", together, apart).status == 0)
        #expect(try Self.plain(instance.log(of: together)) == "one\ntwo\nthree\nend")
        #expect(try Self.plain(instance.log(of: apart)) == "one\nend")
        #expect(try text(at: "\(instance.files)/errors") == "two\nthree\n")
      }
    }

    @Test("the last line, finished or not, is there before the end is visible")
    func lastLine() throws {
      try Instance.with { instance in
        for option in ["--timestamps", "--journal"] {
          for round in 0..<10 {
            let id = try instance.submit(option, "-c", "echo of $$; printf 'the last \(round)'")
            #expect(try instance.wait(id) == 0)
            let log = try instance.log(of: id)
            #expect(log.hasSuffix("the last \(round)"), "\(log)")
          }
        }
      }
    }

    @Test("following shows each line when it is whole, and ends with the job")
    func follow() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--timestamps", "-c", "echo now; until [ -e go ]; do sleep 0.05; done; echo then")
        let follower = try instance.launch(["fluster-log", "-f", id])
        try eventually("the first line is shown") { follower.outputSoFar.hasSuffix(" now\n") }
        try write("", to: "\(instance.files)/go")
        let followed = try follower.finish(within: 30)
        #expect(try Self.plain(followed.output) == "now\nthen\n" && followed.status == 0)
        let run = try instance.run("fluster-run", "--timestamps", "-c", "echo a; echo b >&2")
        #expect(try Self.plain(run.output) == "a\nb\n" && run.errors.isEmpty, "\(run)")
      }
    }

    @Test("a worker that is killed again and again in a flood loses no byte, and none comes twice")
    func killed() throws {
      try Instance.with { instance in
        let script = "seq 1 400000; touch done.$FLUSTER_JOB_ID; echo over"
        let timed = try instance.submit("--cpus", "1", "--timestamps", "-c", script)
        let journal = try instance.submit("--cpus", "1", "--journal", "-c", script)
        for _ in 0..<6 {
          let before = size(of: [timed, journal], instance)
          try eventually("more is written") {
            let now = size(of: [timed, journal], instance)
            return now > before || access("\(instance.files)/done.\(timed)", F_OK) == 0
          }
          try instance.end(.worker, by: SIGKILL)
          try instance.start(.worker)
        }
        #expect(try instance.wait(timed) == 0 && instance.wait(journal) == 0)
        let expected = (1...400_000).map { "\($0)\n" }.joined() + "over\n"
        #expect(try Self.plain(instance.log(of: timed)) == expected, "the log with times differs")
        #expect(try instance.log(of: journal) == expected, "the log of the journal's job differs")
      }
    }

    private func size(of ids: [String], _ instance: Instance) -> Int {
      let directory = "\(instance.stateDirectory)/log"
      var status = stat()
      return names(in: directory).reduce(0) { sum, name in
        stat("\(directory)/\(name)", &status) == 0 ? sum + Int(status.st_size) : sum
      }
    }

    @Test("what is written while there is no worker waits, and so does the end")
    func away() throws {
      try Instance.with { instance in
        let short = try instance.submit(
          "--timestamps", "-c", "touch up; until [ -e go ]; do sleep 0.05; done; echo said")
        let long = try instance.submit(
          "--timestamps", "-c", "until [ -e go ]; do sleep 0.05; done; seq 1 100000")
        for id in [short, long] { try instance.waitUntil(id, is: "running") }
        try instance.end(.worker, by: SIGKILL)
        try write("", to: "\(instance.files)/go")
        try instance.start(.worker)
        #expect(try instance.run("fluster-wait", short, long).status == 0)
        #expect(try Self.plain(instance.log(of: short)) == "said\n")
        let numbers = (1...100_000).map { "\($0)\n" }.joined()
        #expect(try Self.plain(instance.log(of: long)) == numbers)
      }
    }

    @Test("a shim that is killed takes its jobs along, but not what they had written")
    func shim() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--timestamps", "--retries-lost", "0", "-c", "seq 1 30000; touch done; sleep 1000")
        try eventually("all is written") { access("\(instance.files)/done", F_OK) == 0 }
        try instance.end(.shim, by: SIGKILL)
        try instance.start(.shim)
        try instance.waitUntil(id, is: "worker-failed")
        let numbers = (1...30_000).map { "\($0)\n" }.joined()
        #expect(try Self.plain(instance.log(of: id)) == numbers)
      }
    }

    @Test("a flood keeps nobody else waiting, and a long line is one line")
    func flood() throws {
      try Instance.with { instance in
        let flood = try instance.submit("--timestamps", "--log-max", "1M", "--", "yes")
        try instance.waitUntil(flood, is: "running")
        let line = try instance.submit(
          "--timestamps", "-c", "head -c 300000 /dev/zero | tr '\\0' x; echo")
        #expect(try instance.wait(line, within: 20) == 0)
        #expect(try instance.log(of: line).utf8.count == 300_026)
        try instance.run("fluster-kill", flood)
        #expect(try instance.wait(flood, within: 20) == 143)
      }
    }

    @Test("with a file for output there is nothing to do it with")
    func refused() throws {
      try Instance.with { instance in
        for option in ["--timestamps", "--journal"] {
          let refused = try instance.run("fluster-submit", option, "-o", "out", "true")
          #expect(refused.status == 64 && refused.errors.contains(option), "\(refused)")
        }
        try write("#!/bin/sh\n#FLUSTER --timestamps\necho script\n", to: "\(instance.files)/s")
        let id = try instance.submit("-s", "s")
        #expect(try instance.wait(id) == 0)
        #expect(try Self.plain(instance.log(of: id)) == "script\n")
      }
    }
  }
}
