import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("jobs that submit jobs")
  struct Trees {
    /// Submits a job that runs `script`, which prints the ids of its children, and gives both.
    private func parent(
      of script: String, _ options: [String] = [], printing count: Int = 1, in instance: Instance
    ) throws -> (parent: String, children: [String]) {
      let finished = try instance.launch(
        ["fluster-submit"] + options + ["--", "sh", "-c", script]
      ).finish()
      let parent = try #require(finished.lines.first, "\(finished)")
      var children: [String] = []
      try eventually("\(parent) has submitted \(count)") {
        children = try instance.log(of: parent).split(separator: "\n").map(String.init)
        return children.count >= count
      }
      return (parent, children)
    }

    private func json(_ id: String, in instance: Instance) throws -> String {
      try instance.run("fluster-ls", "--json", id).output
    }

    /// Scenario 41.
    @Test("ending a job ends its children and theirs, also after a crash of flusterd")
    func subtree() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "2G"]) { instance in
        let inner = "echo $FLUSTER_NAMESPACE; fluster-submit -n leaf -- sleep 1000; exec sleep 1000"
        let (root, children) = try parent(
          of: "fluster-submit -n inner -- sh -c '\(inner)'; exec sleep 1000", ["-n", "outer"],
          in: instance)
        let child = children[0]
        var lines: [String] = []
        try eventually("the child has submitted") {
          lines = try instance.log(of: child).split(separator: "\n").map(String.init)
          return lines.count == 2
        }
        let leaf = lines[1]
        #expect(lines[0] == root)
        try instance.waitUntil(leaf, is: "running")
        let told = try json(leaf, in: instance)
        for part in [
          "\"parent\":\(child),", "\"root\":\(root),", "\"path\":\"outer/inner/leaf\"",
        ] {
          #expect(told.contains(part), "\(told)")
        }
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        #expect(try instance.column("PATH", of: leaf) == "outer/inner/leaf")
        #expect(try instance.column("PARENT", of: leaf) == child)
        #expect(try instance.run("fluster-kill", "-r", "enough", root).status == 0)
        for id in [root, child, leaf] {
          #expect(try instance.wait(id) == 143)
          #expect(try instance.column("STATE", of: id) == "killed")
        }
        let detail = try instance.run("fluster-ls", "-l", child, leaf).output
        #expect(detail.contains(": its parent \(root) was ended: enough"), "\(detail)")
        #expect(detail.contains(": its ancestor \(root) was ended: enough"), "\(detail)")
        #expect(detail.contains("path:        outer/inner/leaf"), "\(detail)")
      }
    }

    @Test("a child outlives the success of its parent, and ends when that is ended afterwards")
    func outlives() throws {
      try Instance.with { instance in
        let (root, children) = try parent(
          of: "fluster-submit -- sleep 1000", in: instance)
        #expect(try instance.wait(root) == 0)
        try instance.waitUntil(children[0], is: "running")
        #expect(try instance.run("fluster-kill", "--state", "pending", root).status == 0)
        #expect(try instance.column("STATE", of: children[0]) == "running")
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        #expect(try instance.run("fluster-kill", root).status == 0)
        #expect(try instance.wait(children[0]) == 143)
        #expect(try instance.column("STATE", of: root) == "succeeded")
      }
    }

    @Test("children end with a parent that fails, or was told to end them; the detached go on")
    func ends() throws {
      try Instance.with(worker: ["--cpus", "8", "--mem", "2G"]) { instance in
        let script = """
          fluster-submit -- sleep 1000; fluster-submit --detach -- sleep 1000
          """
        let failing = try parent(of: "\(script); exit 3", printing: 2, in: instance)
        let ending = try parent(of: script, ["--end-children"], printing: 2, in: instance)
        #expect(try instance.wait(failing.parent) == 3)
        #expect(try instance.wait(ending.parent) == 0)
        for (tree, words) in [(failing, "has ended (failed)"), (ending, "has ended (succeeded)")] {
          #expect([126, 143].contains(try instance.wait(tree.children[0])))
          let reason = try instance.column("REASON", of: tree.children[0])
          #expect(reason.contains("its parent \(tree.parent) \(words)"), "\(reason)")
          #expect(!(try json(tree.children[1], in: instance).contains("\"parent\"")))
          try instance.waitUntil(tree.children[1], is: "running")
          try instance.run("fluster-kill", tree.children[1])
          #expect(try instance.wait(tree.children[1]) == 143)
        }
      }
    }

    @Test("ending one task of an array ends what that task has submitted, and no more")
    func task() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "2G"]) { instance in
        let script = """
          fluster-submit -n child-$FLUSTER_TASK_INDEX -- sleep 1000; exec sleep 1000
          """
        let (array, _) = try parent(of: script, ["-a", "1-2"], printing: 2, in: instance)
        #expect(try instance.run("fluster-kill", "\(array).1").status == 0)
        let first = try instance.run("fluster-wait", "name:child-1")
        #expect([126, 143].contains(first.status), "\(first)")
        let names = ["fluster-ls", "--no-header", "-o", "STATE,PARENT", "name:child-2"]
        try eventually("the other child runs") {
          try instance.launch(names).finish().output.hasPrefix("running")
        }
        #expect(try instance.launch(names).finish().output.contains("\(array).2"))
        #expect(try instance.run("fluster-kill", array).status == 0)
        _ = try instance.run("fluster-wait", array, "name:child-2")
      }
    }

    /// Scenario 14.
    @Test("inside an attempt that has ended, a submit makes a root job and says so")
    func orphan() throws {
      try Instance.with { instance in
        let (gone, words) = try parent(of: "echo $FLUSTER_ATTEMPT_UID", in: instance)
        #expect(try instance.wait(gone) == 0)
        let late = try instance.run(
          "env", "FLUSTER_ATTEMPT_UID=\(words[0])", "fluster-submit", "--", "true")
        let id = try #require(late.lines.first)
        #expect(late.status == 0 && late.output == "\(id)\n", "\(late)")
        #expect(late.errors.contains("attempt \(words[0])"), "\(late)")
        #expect(late.errors.contains("job \(id) is a root job"), "\(late)")
        #expect(!(try json(id, in: instance).contains("\"parent\"")))
        let odd = try instance.run(
          "env", "FLUSTER_ATTEMPT_UID=nonsense", "fluster-submit", "--", "true")
        #expect(odd.status == 0 && odd.errors.contains("nonsense"), "\(odd)")
        #expect(try instance.run("fluster-wait", id, odd.output.trimmed).status == 0)
      }
    }

    @Test("a submit to another instance has no parent there")
    func otherInstance() throws {
      try Instance.with { inner in
        try Instance.with { outer in
          let script = """
            fluster-submit --socket \(inner.controlSocket) -- true 2>&1
            FLUSTER_SOCKET=\(inner.controlSocket) fluster-submit -q -- true
            ln -s "$FLUSTER_SOCKET" here; fluster-submit --socket here -n own -- true
            exec sleep 1000
            """
          let (parent, lines) = try parent(of: script, printing: 3, in: outer)
          for id in lines[..<2] {
            #expect(try inner.wait(id) == 0)
            #expect(!(try json(id, in: inner).contains("\"parent\"")))
          }
          #expect(try outer.column("PARENT", of: lines[2]) == parent)
          try outer.run("fluster-kill", parent)
          _ = try outer.run("fluster-wait", parent, lines[2])
        }
      }
    }

    /// Scenario 14.
    @Test("a job of another user is nobody's parent")
    func otherUser() throws {
      try SystemInstance.with { instance in
        let parent = try instance.submit(
          as: .alice, "--", "sh", "-c", "echo $FLUSTER_ATTEMPT_UID; exec sleep 1000")
        var uid = ""
        try eventually("alice's job runs") {
          uid = try instance.run(as: .alice, "fluster-log", parent).output.trimmed
          return !uid.isEmpty
        }
        let submit = ["env", "FLUSTER_ATTEMPT_UID=\(uid)", "fluster-submit", "--", "sleep", "1000"]
        let bobs = try instance.run(as: .bob, submit)
        #expect(bobs.status == 0 && bobs.errors.contains("is a root job"), "\(bobs)")
        let own = try instance.run(as: .alice, submit)
        #expect(own.status == 0 && own.errors.isEmpty, "\(own)")
        #expect(try instance.run(as: .bob, "fluster-kill", parent).status != 0)
        #expect(try instance.run(as: .alice, "fluster-kill", parent).status == 0)
        #expect(
          [126, 143].contains(
            try instance.run(as: .alice, "fluster-wait", own.output.trimmed).status))
        let left = try instance.run(as: .bob, "fluster-ls", "--no-header", bobs.output.trimmed)
        #expect(!left.output.contains("killed"), "\(left)")
        _ = try instance.run(as: .bob, "fluster-kill", bobs.output.trimmed)
        _ = try instance.run(as: .bob, "fluster-wait", bobs.output.trimmed)
      }
    }
  }
}
