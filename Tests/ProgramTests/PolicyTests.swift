import FlusterProtocol
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("who may do what, as root")
  struct Policy {
    @Test("only those submit whom AllowUsers= or AllowGroups= names, by the kernel's word")
    func allowed() throws {
      try SystemInstance.with { instance in
        let his = try instance.submit(as: .bob, "--", "true")
        #expect(try instance.run(as: .bob, "fluster-wait", his).status == 0)
        try instance.configure("[Controller]\nAllowGroups=lab\n")
        try instance.waitForReloads(1)
        for command in [["fluster-submit", "--", "true"], ["fluster-set", his, "rerun"]] {
          let refused = try instance.run(as: .bob, command)
          #expect(refused.status == 77, "\(refused)")
          #expect(refused.errors.contains("uid 1102 may not submit jobs here"), "\(refused)")
          #expect(refused.errors.contains("ask the administrator for AllowUsers= or"), "\(refused)")
        }
        let all = try instance.run(as: .bob, "fluster-ls", "-A", "-q")
        #expect(all.status == 0 && all.lines == [his], "\(all)")
        #expect(try instance.run(as: .alice, "fluster-submit", "--", "true").status == 0)
        // What a database of groups says of a user does not count, what the kernel says does.
        func submit(uid: String, groups: String) throws -> Int32 {
          try instance.run(
            as: .root, "setpriv", "--reuid", uid, "--regid", uid, groups, "--", "fluster-submit",
            "--", "true"
          ).status
        }
        #expect(try submit(uid: "1101", groups: "--clear-groups") == 77)
        #expect(try submit(uid: "1102", groups: "--groups=1200") == 0)
        try instance.configure("[Controller]\nAllowGroups=lab\nAllowUsers=bob\n")
        try instance.waitForReloads(2)
        #expect(try instance.run(as: .bob, "fluster-submit", "--", "true").status == 0)
        #expect(try instance.run(as: .alice, "fluster-submit", "--", "true").status == 0)
        let carol = try instance.run(as: .carol, "fluster-submit", "--", "true")
        #expect(carol.status == 77, "\(carol)")
        try instance.configure("[Controller]\nAllowUsers=nobody-of-that-name\n")
        try eventually("it is refused") {
          instance.said(by: "flusterd").contains("there is no user \"nobody-of-that-name\"")
        }
        #expect(try instance.run(as: .bob, "fluster-submit", "--", "true").status == 0)
      }
    }

    @Test("who is of fluster-admin touches what is others', and becomes nobody else")
    func administrators() throws {
      try SystemInstance.with { instance in
        let hers = try instance.submit(as: .alice, "--", "sh", "-c", "echo said; sleep 1000")
        try eventually("the job has printed") {
          try instance.run(as: .carol, "fluster-log", hers).output == "said\n"
        }
        #expect(try instance.run(as: .carol, "fluster-ls", "-a", "-q").lines == [hers])
        #expect(try instance.run(as: .carol, "fluster-ls", "-q").lines == [])
        for command in [["drain", "w1"], ["resume", "w1"]] {
          let refused = try instance.run(as: .bob, ["fluster-ctl"] + command)
          #expect(refused.status == 77, "\(refused)")
          let done = try instance.run(as: .carol, ["fluster-ctl"] + command)
          #expect(done.status == 0, "\(done)")
        }
        #expect(try instance.run(as: .bob, "fluster-ctl", "check").output.contains("for admin"))
        #expect(try instance.run(as: .carol, "fluster-ctl", "check").output.contains("is sound"))
        let own = try instance.submit(as: .carol, "--", "id", "-u")
        #expect(try instance.run(as: .carol, "fluster-wait", own).status == 0)
        #expect(try instance.run(as: .carol, "fluster-log", own).output == "1103\n")
        let rerun = try instance.run(as: .carol, "fluster-set", hers, "rerun")
        #expect(rerun.status == 77, "\(rerun)")
        #expect(try instance.run(as: .carol, "fluster-kill", hers).status == 0)
        #expect(try instance.run(as: .alice, "fluster-wait", hers).status == 143)
        let told = try instance.run(as: .alice, "fluster-ls", "-l", hers).output
        #expect(told.contains("1103") || told.contains("carol"), "\(told)")
      }
    }

    @Test("Visibility=all shows others' jobs, and nothing that they wrote or were submitted with")
    func visibility() throws {
      try SystemInstance.with(settings: "[Controller]\nVisibility=all\n") { instance in
        let hers = try instance.submit(as: .alice, "--", "sh", "-c", "echo secret; exit 3")
        let seen = try instance.run(as: .bob, "fluster-wait", hers)
        #expect(seen.status == 3, "\(seen)")
        #expect(try instance.run(as: .bob, "fluster-ls", "-aA", "-q").lines == [hers])
        for command in [
          ["fluster-log", hers], ["fluster-kill", hers], ["fluster-set", hers, "hold"],
          ["fluster-set", hers, "rerun"], ["fluster-ls", "--script", hers],
        ] {
          let refused = try instance.run(as: .bob, command)
          #expect(refused.status == 77 && refused.output == "", "\(command): \(refused)")
        }
        try instance.configure("[Controller]\nVisibility=own\n")
        try instance.waitForReloads(1)
        #expect(try instance.run(as: .bob, "fluster-ls", "-aA", "-q").lines == [])
        let hidden = try instance.run(as: .bob, "fluster-wait", hers)
        #expect(hidden.status == 125 && hidden.errors.contains("belongs to uid 1101"), "\(hidden)")
      }
    }

    @Test("the overflow uid is nobody, and its connection ends")
    func overflow() throws {
      try SystemInstance.with { instance in
        let refused = try instance.run(as: .nobody, "fluster-ls")
        #expect(refused.status == 77, "\(refused)")
        #expect(refused.errors.contains("uid 65534 is nobody's identity"), "\(refused)")
        #expect(
          instance.said(by: "flusterd").contains("uid 65534: it was refused: uid 65534 is nobody"))
      }
    }

    @Test("a user's own instance refuses all others but root, whatever the modes of its sockets")
    func userInstance() throws {
      try SystemInstance.with { instance in
        let place = "\(instance.directory)/files/own"
        #expect(try instance.run(as: .alice, "mkdir", place).status == 0)
        let (control, worker) = ("\(place)/control.sock", "\(place)/worker.sock")
        try instance.start(
          "flusterd", as: .alice, calling: "own",
          [
            "--user", "--config", "\(place)/none.conf", "--state", "\(place)/state", "--control",
            control, "--worker-socket", worker,
          ])
        try eventually("it listens") { Programs.answers(worker) }
        #expect(try instance.run(as: .alice, "chmod", "0666", control, worker).status == 0)
        func list(_ user: SystemInstance.User) throws -> Finished {
          try instance.run(as: user, "fluster-ls", "--socket", control)
        }
        #expect(try list(.alice).status == 0)
        #expect(try list(.root).status == 0)
        for user in [SystemInstance.User.bob, .carol, .worker] {
          let refused = try list(user)
          #expect(refused.status == 77, "\(refused)")
          #expect(refused.errors.contains("this flusterd serves uid 1101 only"), "\(refused)")
        }
        let stranger = try instance.talker(to: worker, as: .bob)
        let answer = try #require(try stranger.receive())
        #expect(answer.error.code == .permissionDenied, "\(answer)")
        #expect(try stranger.receive() == nil)
      }
    }

    @Test("fluster-log reads the file of -o with the rights of whoever asks")
    func ownFile() throws {
      try SystemInstance.with { instance in
        let path = "\(instance.directory)/files/private"
        let id = try instance.submit(
          as: .alice, "--umask", "077", "-o", path, "--", "echo", "secret")
        #expect(try instance.run(as: .alice, "fluster-wait", id).status == 0)
        #expect(try instance.run(as: .alice, "fluster-log", id).output == "secret\n")
        // An administrator of Fluster is none of the files.
        let refused = try instance.run(as: .carol, "fluster-log", id)
        #expect(refused.status == 77 && refused.output == "", "\(refused)")
        #expect(refused.errors.contains("cannot open the output file \(path)"), "\(refused)")
      }
    }

    @Test("a worker of a user is given that user's jobs only, and takes no other's name")
    func personalWorkers() throws {
      let settings = "[Controller]\nPersonalWorkers=yes\n"
      try SystemInstance.with(settings: settings) { instance in
        // The name of the system's own worker, and that of one that has not come yet.
        let mine = try instance.talker(to: instance.workerSocket, as: .alice)
        #expect(try mine.register("w1")?.body == .registered(WireRegistered()))
        let awaited = try instance.talker(to: instance.workerSocket, as: .alice)
        #expect(try awaited.register("w2")?.body == .registered(WireRegistered()))
        let late = try instance.talker(to: instance.workerSocket, as: .worker)
        #expect(try late.register("w2")?.body == .registered(WireRegistered()))
        let names = try instance.run(as: .bob, "fluster-ctl", "-q", "workers")
        #expect(names.lines == ["w1", "w1@1101", "w2", "w2@1101"], "\(names)")
        // It cannot be named, so nobody can register it.
        let forged = try instance.talker(to: instance.workerSocket, as: .worker)
        let answer = try #require(try forged.register("w3@1101"))
        #expect(answer.error.code == .invalidArgument, "\(answer)")
        for id in ["w1", "w2"] {
          #expect(try instance.run(as: .carol, "fluster-ctl", "drain", id).status == 0)
        }
        let his = try instance.submit(as: .bob, "--", "true")
        let reason = try instance.run(as: .bob, "fluster-ls", "--no-header", "-o", "REASON", his)
        #expect(reason.output.contains("drained"), "\(reason)")
        let hers = try instance.submit(
          as: .alice, "--constraint", "worker = w2@1101", "--", "true")
        var desired = WireDesired()
        while desired.run.isEmpty { desired = try #require(try awaited.receive()).desired }
        #expect(desired.run.map(\.owner) == [1101] && "\(desired.run[0].job)" == hers)
        // A worker of the system, too, gets what is meant for it alone.
        #expect(try instance.run(as: .alice, "fluster-kill", hers).status == 0)
        #expect(try instance.run(as: .bob, "fluster-kill", his).status == 0)
      }
    }

    @Test("only those run workers for all whom WorkerUsers= names")
    func workerUsers() throws {
      try SystemInstance.with(settings: "[Controller]\nWorkerUsers=bob\n") { instance in
        // The mode of the socket keeps others away; behind it stands the same rule.
        #expect(chmod(instance.workerSocket, 0o666) == 0)
        let refused = try instance.talker(to: instance.workerSocket, as: .alice)
        let answer = try #require(try refused.receive())
        #expect(answer.error.message == "uid 1101 may not run a worker", "\(answer)")
        #expect(answer.error.wayOut.contains("WorkerUsers="), "\(answer)")
        let named = try instance.talker(to: instance.workerSocket, as: .bob)
        #expect(try named.register("w2")?.body == .registered(WireRegistered()))
        // An id is that of whoever had it first, for trusted users, too.
        let thief = try instance.talker(to: instance.workerSocket, as: .worker)
        let theft = try #require(try thief.register("w2", incarnation: 2))
        #expect(theft.error.message == "worker w2 belongs to uid 1102", "\(theft)")
        let second = try instance.talker(to: instance.workerSocket, as: .bob)
        let twin = try #require(try second.register("w2", incarnation: 2))
        #expect(twin.error.message == "worker w2 is connected already", "\(twin)")
      }
    }
  }
}
