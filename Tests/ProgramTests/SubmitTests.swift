import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("what a submit captures, and what a job is given")
  struct Submits {
    @Test("the same token submits once, before and after a restart")
    func token() throws {
      try Instance.with { instance in
        let token = "0123abcd-4567-89ab-cdef-0123456789ab"
        let first = try instance.submit("--token", token, "--", "true")
        #expect(try instance.submit("--token", token, "--", "true") == first)
        #expect(try instance.wait(first) == 0)
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        #expect(try instance.submit("--token", token, "--", "true") == first)
        #expect(try instance.submit("--", "true") != first)
      }
    }

    /// Scenario 3.
    @Test("ten who submit fifty jobs each at the same time make 500 jobs")
    func together() throws {
      try Instance.with(daemons: [.controller]) { instance in
        let script = "for i in $(seq 50); do fluster-submit -- true || exit 1; done"
        let submitters = try (0..<10).map { _ in try instance.launch(["sh", "-c", script]) }
        let finished = try submitters.map { try $0.finish(within: 300) }
        for one in finished { #expect(one.status == 0, "\(one)") }
        let printed = finished.flatMap(\.lines)
        #expect(printed.count == 500)
        let pending = try instance.run("fluster-ls", "-q", "--state", "pending").lines
        #expect(pending.count == 500 && Set(pending) == Set(printed))
      }
    }

    @Test("a dry run tells what would be stored, and stores nothing")
    func dryRun() throws {
      try Instance.with { instance in
        let told = try instance.run("fluster-submit", "--dry-run", "-n", "x", "--", "echo", "hi")
        #expect(told.status == 0 && told.output.contains("\"schema\":1"), "\(told)")
        #expect(try instance.run("fluster-ls", "-A", "--no-header").output == "")
      }
    }

    @Test("argv, directory, environment, umask, nice and limits are those of the submit")
    func surroundings() throws {
      try Instance.with { instance in
        mkdir("\(instance.files)/here", 0o755)
        let script = """
          pwd; umask; nice; ulimit -Sn; echo "$1|$2|$GIVEN|$FLUSTER_JOB_ID"; cat; echo $0
          """
        try write("from a file\n", to: "\(instance.files)/input")
        let id = try instance.submit(
          "-C", "here", "--umask", "027", "--nice", "3", "--rlimit", "nofile=99:200",
          "--stdin", "\(instance.files)/input", "-e", "GIVEN=a b", "--",
          "sh", "-c", script, "zero", "two words", "$HOME")
        #expect(try instance.wait(id) == 0)
        #expect(
          try instance.log(of: id).split(separator: "\n") == [
            "\(instance.files)/here", "0027", "3", "99", "two words|$HOME|a b|\(id)",
            "from a file", "zero",
          ])
      }
    }

    @Test("each task knows which it is, and a retry which attempt")
    func variables() throws {
      try Instance.with { instance in
        let script = """
          echo $FLUSTER_TASK_INDEX of $FLUSTER_TASK_COUNT, attempt $FLUSTER_ATTEMPT on \
          $FLUSTER_WORKER_ID with $FLUSTER_CPUS; test -n "$FLUSTER_ATTEMPT_UID" -a -n \
          "$FLUSTER_MEM_BYTES" -a -S "$FLUSTER_SOCKET"
          """
        let id = try instance.submit("-a", "3-5:2", "--", "sh", "-c", script)
        #expect(try instance.run("fluster-wait", id).status == 0)
        #expect(
          try instance.log(of: id)
            == "3 of 2, attempt 0 on w1 with 1\n5 of 2, attempt 0 on w1 with 1\n")
      }
    }

    @Test("jobs are selected by name and as the newest")
    func selectors() throws {
      try Instance.with { instance in
        let first = try instance.submit("-n", "alpha", "--hold", "--", "true")
        let second = try instance.submit("-n", "beta", "--hold", "--", "true")
        let named = try instance.run("fluster-ls", "--no-header", "-o", "ID", "name:al*")
        #expect(named.output.trimmed == first, "\(named)")
        #expect(try instance.column("ID", of: "@last") == second)
        #expect(try instance.run("fluster-kill", "name:*").status == 0)
        #expect(try instance.column("STATE", of: first) == "killed")
        #expect(try instance.column("STATE", of: second) == "killed")
      }
    }

    @Test("resources that are counted are never given twice")
    func resources() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "1G", "-r", "licence=1"]) { instance in
        let script = "exec 9>lock; flock -n 9 || echo together >>twice; sleep 0.1"
        let id = try instance.submit(
          "-a", "0-7", "-r", "licence=1", "--cpus", "0.5", "--mem", "10M", "--", "sh", "-c", script)
        #expect(try instance.run("fluster-wait", id).status == 0)
        #expect(names(in: instance.files) == ["lock"])
        let waiting = try instance.submit("-r", "licence=1", "--", "sleep", "1000")
        try instance.waitUntil(waiting, is: "running")
        let pending = try instance.submit("-r", "licence=1", "--", "true")
        let reason = try instance.column("REASON", of: pending)
        #expect(reason.contains("licence"), "\(reason)")
        try instance.run("fluster-kill", waiting, pending)
        _ = try instance.run("fluster-wait", waiting, pending)
      }
    }
  }
}
