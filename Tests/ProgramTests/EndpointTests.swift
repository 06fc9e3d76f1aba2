import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("where tasks can be reached")
  struct Endpoints {
    /// Waits for the beginning of a job that sleeps, and for what it did before.
    private func file(_ path: String) throws -> String {
      var text = ""
      try eventually("\(path) is written") {
        text = (try? FlusterTesting.text(at: path)) ?? ""
        return text.hasSuffix("\n")
      }
      return text
    }

    /// Scenarios 64, 65, 66, 67, 69.
    @Test("a task says where it is, others find it, and with its end it is gone")
    func life() throws {
      try Instance.with { instance in
        let script = """
          fluster-endpoint add actor localhost:2 zone=b load=0.5 &&
          fluster-endpoint add actor localhost:1 && fluster-endpoint add actor localhost:1 &&
          fluster-endpoint add inference/a /run/a && fluster-endpoint add inference/b /run/b &&
          for n in $(seq 60); do fluster-endpoint add many/$n x:$n || exit 9; done &&
          fluster-endpoint add gone x:1 && fluster-endpoint rm gone && fluster-endpoint rm gone &&
          fluster-endpoint get actor >\(instance.files)/got && exec sleep 60
          """
        let id = try instance.submit("--", "sh", "-c", script)
        #expect(try file("\(instance.files)/got") == "localhost:1\n")
        let ask = { (words: String) in
          try instance.run("sh", "-c", "fluster-endpoint --job \(id) --no-header \(words)")
        }
        let list = try ask("ls inference/")
        #expect(
          list.output == "inference/a  /run/a  \(id)  -\ninference/b  /run/b  \(id)  -\n", "\(list)"
        )
        // More than a page.
        #expect(try ask("ls").output.split(separator: "\n").count == 64)
        #expect(try ask("ls many/").output.split(separator: "\n").count == 60)
        #expect(
          try ask("--json ls").output.contains("\"metadata\":{\"load\":\"0.5\",\"zone\":\"b\"}"))
        // They are in the store.
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        #expect(try ask("get actor").output == "localhost:1\n")
        #expect(try ask("rm actor").status == 0)
        #expect(try ask("get actor").status == 66)
        #expect(try instance.run("fluster-kill", id).status == 0)
        _ = try instance.run("fluster-wait", id)
        #expect(try ask("ls").output == "")
      }
    }

    /// Scenarios 68, 70.
    @Test("two trees that use one name see only their own, and what has ended says nothing more")
    func trees() throws {
      try Instance.with(worker: ["--cpus", "4", "--mem", "2G"]) { instance in
        let script = """
          fluster-endpoint add actor $1 && fluster-submit --wait -- sh -c '
            fluster-endpoint get actor >\(instance.files)/$1.child
            env | grep ^FLUSTER_ >\(instance.files)/$1.env' sh $1 && exec sleep 60
          """
        for name in ["one:1", "two:2"] {
          _ = try instance.submit("--", "sh", "-c", script.replacing("$1", with: name))
        }
        #expect(try file("\(instance.files)/one:1.child") == "one:1\n")
        #expect(try file("\(instance.files)/two:2.child") == "two:2\n")
        let late = try instance.submit(
          "--detach", "--", "sh", "-c", "env | grep ^FLUSTER_ >\(instance.files)/env")
        #expect(try instance.wait(late) == 0)
        let variables = try file("\(instance.files)/env").split(separator: "\n").joined(
          separator: " ")
        let refused = try instance.run(
          "env", "sh", "-c", "env \(variables) fluster-endpoint add actor late:1")
        #expect(refused.status == 65 && refused.errors.contains("is not open"), "\(refused)")
        #expect(try instance.run("fluster-endpoint", "ls").status == 64)
        #expect(try instance.run("fluster-endpoint", "--job", "999", "ls").status == 66)
        #expect(try instance.run("fluster-kill", "name:*").status == 0)
        _ = try instance.run("fluster-wait", "name:*")
      }
    }

    @Test("the tasks of a gang find one another at their ports, on whichever worker they are")
    func gang() throws {
      let room = ["--cpus", "1", "--mem", "1G", "--address"]
      try Instance.with(
        worker: room + ["first.example"], settings: "[Worker]\nPorts=29110-29111\n"
      ) { instance in
        try instance.addWorker("w2", room + ["second.example"])
        let script = """
          other=$((1 - FLUSTER_TASK_INDEX))
          set -- $FLUSTER_GANG_ADDRESSES; shift $FLUSTER_TASK_INDEX
          fluster-endpoint add $FLUSTER_TASK_INDEX $1:$FLUSTER_PORT_MESH
          until fluster-endpoint get $other >$FLUSTER_TASK_INDEX 2>/dev/null; do sleep 0.1; done
          exec sleep 60
          """
        let id = try instance.submit(
          "-a", "0-1", "--one-per-worker", "--port", "mesh", "-c", script)
        // Each has read what the other told; the workers of one machine share its ports.
        let told = [try file("\(instance.files)/1"), try file("\(instance.files)/0")]
        #expect(told[0].hasPrefix("first.example:") && told[1].hasPrefix("second.example:"))
        #expect(Set(told.map { $0.suffix(6) }) == ["29110\n", "29111\n"], "\(told)")
        #expect(try instance.run("fluster-kill", id).status == 0)
        _ = try instance.run("fluster-wait", id)
      }
    }

    /// Scenarios 20, 74.
    @Test("a job is given the ports and sockets that it named, and they are free when it ends")
    func ports() throws {
      let settings = "[Worker]\nPorts=29100-29102\n"
      try Instance.with(settings: settings) { instance in
        let told =
          "env | grep -E '^FLUSTER_(PORT|SOCK)_' | sort; test -d \"$(dirname $FLUSTER_SOCK_API)\""
        let id = try instance.submit(
          "--port", "http", "--port", "grpc", "--sock", "api", "--", "sh", "-c", told)
        #expect(try instance.wait(id) == 0)
        let lines = try instance.log(of: id).split(separator: "\n").map(String.init)
        #expect(lines.prefix(2) == ["FLUSTER_PORT_GRPC=29101", "FLUSTER_PORT_HTTP=29100"])
        #expect(lines.last?.hasSuffix("/api") == true)
        let none = try instance.submit("--", "sh", "-c", "! env | grep -E '^FLUSTER_(PORT|SOCK)_'")
        #expect(try instance.wait(none) == 0)
        // Held over a restart of the worker, and free with the end.
        let holder = try instance.submit(
          "--port", "a", "--port", "b", "--", "sh", "-c",
          "echo >\(instance.files)/on; exec sleep 60")
        _ = try file("\(instance.files)/on")
        try instance.end(.worker, by: SIGKILL)
        try instance.start(.worker)
        let over = try instance.submit("--port", "a", "--port", "b", "--", "true")
        #expect(try instance.run("fluster-wait", over).status == 126)
        #expect(try instance.column("REASON", of: over).contains("port b"))
        #expect(try instance.run("fluster-kill", holder).status == 0)
        _ = try instance.run("fluster-wait", holder)
        let again = try instance.submit("--port", "a", "--port", "b", "--", "true")
        #expect(try instance.run("fluster-wait", again).status == 0)
        let wrong = try instance.run("fluster-submit", "--port", "8080", "--", "true")
        #expect(wrong.status == 65, "\(wrong)")
      }
    }
  }
}
