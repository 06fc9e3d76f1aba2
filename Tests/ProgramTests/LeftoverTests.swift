import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("what jobs leave behind")
  struct Leftovers {
    /// Scenario 76.
    @Test("a job that ignores TERM is ended by KILL after its grace")
    func ignoresTerm() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--grace", "300ms", "--", "sh", "-c",
          "trap '' TERM; echo ready >ready; while :; do sleep 0.1; done")
        try eventually("the job is ready") { access("\(instance.files)/ready", F_OK) == 0 }
        #expect(try instance.run("fluster-kill", id).status == 0)
        #expect(try instance.wait(id) == 137)
        #expect(try instance.column("STATE", of: id) == "killed")
        try instance.waitUntilOnlyDaemonsRun(within: 1)
      }
    }

    @Test(
      "an attempt ends when its leader ends, and nothing of it remains",
      arguments: [
        "sleep 1000 & exit 3",
        "(sleep 1000 & sleep 1001 &) & exit 3",
        "setsid sleep 1000 & exit 3",
        "(setsid setsid sleep 1000 >/dev/null 2>&1 &) ; sleep 0.1; exit 3",
        "nohup sh -c 'trap \"\" TERM HUP; sleep 1000' >/dev/null 2>&1 & exit 3",
      ])
    func leavesChildren(script: String) throws {
      try Instance.with { instance in
        let id = try instance.submit("--", "sh", "-c", script)
        #expect(try instance.wait(id) == 3)
        try instance.waitUntilOnlyDaemonsRun(within: 1)
      }
    }

    @Test("a kill reaches what left the session")
    func killReachesAll() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--grace", "200ms", "--", "sh", "-c",
          "(setsid sleep 1000 &); setsid sh -c 'trap \"\" TERM; sleep 1001' & echo >ready; wait")
        try eventually("the job is ready") { access("\(instance.files)/ready", F_OK) == 0 }
        #expect(try instance.run("fluster-kill", id).status == 0)
        _ = try instance.wait(id)
        #expect(try instance.column("STATE", of: id) == "killed")
        try instance.waitUntilOnlyDaemonsRun(within: 1)
      }
    }

    @Test("fluster-kill -s only sends a signal")
    func signalOnly() throws {
      try Instance.with { instance in
        let id = try instance.submit(
          "--", "sh", "-c",
          "trap 'echo caught; exit 5' USR1; echo >ready; while :; do sleep 0.05; done")
        try eventually("the job is ready") { access("\(instance.files)/ready", F_OK) == 0 }
        #expect(try instance.run("fluster-kill", "-s", "USR1", id).status == 0)
        #expect(try instance.wait(id) == 5)
        #expect(try instance.column("STATE", of: id) == "failed")
        #expect(try instance.log(of: id).contains("caught"))
      }
    }
  }
}
