import FlusterTesting
import Testing

extension Programs {
  @Suite("fluster up and down")
  struct PrivateInstances {
    @Test("up starts what is missing, down refuses while attempts run, down --now ends them")
    func upAndDown() throws {
      try Instance.with(daemons: []) { instance in
        let up = try instance.run("fluster", "up")
        // There is no service manager in a runtime directory that is not the user's own.
        #expect(up.status == 0 && up.errors.contains("started flusterd ("), "\(up)")
        #expect(try !text(at: "\(instance.stateDirectory)/daemon.log").isEmpty)
        let daemons = instance.strays
        #expect(daemons.count == 3, "\(daemons.map(Processes.commandLine))")
        #expect(try instance.run("fluster", "up").status == 0)
        #expect(instance.strays == daemons)
        let id = try instance.submit("--", "sleep", "1000")
        try instance.waitUntil(id, is: "running")
        let refused = try instance.run("fluster", "down")
        #expect(refused.status == 75, "\(refused)")
        let ended = try instance.run("fluster", "down", "--now")
        #expect(ended.status == 0, "\(ended)")
        try instance.waitUntilOnlyDaemonsRun()
        #expect(try instance.run("fluster", "up").status == 0)
        #expect(try instance.column("STATE", of: id) == "killed")
        #expect(try instance.run("fluster", "down").status == 0)
      }
    }

    @Test("a command in a unit of something else finds flusterd all the same")
    func foreignUnit() throws {
      try Instance.with { instance in
        let elsewhere = ["RUNTIME_DIRECTORY", "STATE_DIRECTORY", "LOGS_DIRECTORY"].map {
          "\($0)=\(instance.files)"
        }
        let submitted = try instance.launch(
          ["env"] + elsewhere + ["fluster-submit", "--wait", "--", "true"]
        ).finish()
        #expect(submitted.status == 0, "\(submitted)")
        let down = try instance.launch(["env"] + elsewhere + ["fluster", "down"]).finish()
        #expect(down.status == 0, "\(down)")
        #expect(down.errors == "fluster down: stopped\n")
      }
    }

    @Test("help shows the pages of the source tree that the program was built in")
    func sourcePages() throws {
      try Instance.with(daemons: []) { instance in
        let build = "\(instance.files)/.build/debug"
        #expect(try instance.run("mkdir", "-p", "\(instance.files)/man", build).status == 0)
        let program = "\(try Programs.products())/fluster"
        #expect(try instance.run("cp", program, build).status == 0)
        try write("#!/bin/sh\necho \"$1\"\n", to: "\(build)/man", mode: 0o755)
        let page = "\(instance.files)/man/fluster.1"
        try write("", to: page)
        #expect(try instance.run("\(build)/fluster", "help").lines == ["fluster"])
        try write("", to: "\(instance.files)/Package.swift")
        #expect(try instance.run("\(build)/fluster", "help").lines == [page])
      }
    }

    @Test("the front door runs the commands beside it")
    func frontDoor() throws {
      try Instance.with { instance in
        let submitted = try instance.run("fluster", "submit", "--wait", "--", "sh", "-c", "exit 3")
        #expect(submitted.status == 3, "\(submitted)")
        #expect(try instance.run("fluster", "ls", "-A", "--no-header").lines.count == 1)
        #expect(try instance.run("fluster", "no-such-command").status == 64)
      }
    }
  }
}
