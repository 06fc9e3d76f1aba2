import FlusterTesting
import Testing

extension Programs {
  @Suite("arrays")
  struct Arrays {
    @Test("a million tasks are acknowledged at once, listed as one row and killed at once")
    func million() throws {
      try Instance.with { instance in
        let before = Deadline.now
        let id = try instance.submit("-a", "0-999999%2", "--", "true")
        #expect(Deadline.now - before < 2_000_000_000)
        let listed = try instance.run("fluster-ls", "--no-header")
        #expect(listed.lines.count == 1, "\(listed)")
        let killing = Deadline.now
        #expect(try instance.run("fluster-kill", id).status == 0)
        try instance.waitUntil(id, is: "killed", within: 10)
        #expect(Deadline.now - killing < 5_000_000_000)
      }
    }

    @Test("killing one task leaves its siblings alone")
    func oneTask() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "-a", "0-9", "--hold", "--", "sh", "-c", "echo task $FLUSTER_TASK_INDEX")
        #expect(try instance.run("fluster-kill", "\(id).7").status == 0)
        try instance.run("fluster-set", id, "release")
        #expect(try instance.run("fluster-wait", id).status == 1)
        let tasks = try instance.run(
          "fluster-ls", "-A", "--tasks", "--no-header", "-o", "ID,STATE", id)
        for index in 0..<10 {
          let state = index == 7 ? "killed" : "succeeded"
          #expect(
            tasks.lines.contains { $0.split(separator: " ") == ["\(id).\(index)", "\(state)"] },
            "\(tasks)")
        }
        #expect(
          try instance.log(of: id).split(separator: "\n")
            == [0, 1, 2, 3, 4, 5, 6, 8, 9].map { "task \($0)" })
      }
    }

    @Test("no more tasks run at once than the array allows")
    func throttle() throws {
      try Instance.with { instance in
        let script = "exec 9>lock; flock -n 9 || echo together >>twice; sleep 0.05"
        let id = try instance.submit("-a", "0-19%1", "--", "sh", "-c", script)
        #expect(try instance.run("fluster-wait", id).status == 0)
        #expect(names(in: instance.files) == ["lock"])
      }
    }
  }
}
