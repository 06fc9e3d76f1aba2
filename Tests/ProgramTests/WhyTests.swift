import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("why a job waits")
  struct Why {
    @Test("--why tells turn, needs, what is free, who holds the rest and until when")
    func sentence() throws {
      try Instance.with { instance in
        let user = String(cString: getpwuid(geteuid()).pointee.pw_name)
        let first = try instance.submit("--mem", "512M", "--time", "2h", "--", "sleep", "1000")
        try instance.waitUntil(first, is: "running")
        let second = try instance.submit("--cpus", "2", "--mem", "1G", "--", "true")
        let third = try instance.submit("--cpus", "2", "--mem", "1G", "--", "true")
        let why = try instance.run("fluster-ls", "--why", third)
        let line = try #require(why.lines.first)
        #expect(line.hasPrefix("pending "), "\(why)")
        let told =
          ", second of 2 in band interactive. Needs 2 cpus, 1G. worker w1 has 1 cpu, 1.5G free; "
          + "held by \(first) (\(user), 1 cpu, time limit ends in "
        #expect(line.contains(told), "\(why)")
        #expect(["2h).", "1h59m)."].contains { line.hasSuffix(" in \($0)") }, "\(why)")
        let json = try instance.run("fluster-ls", "--why", "--json", second).output
        #expect(json.contains(#""place":1,"count":2,"reasons":[{"code":"resources","#), "\(json)")
        #expect(json.contains(#""need":{"cpus":2,"mem_bytes":1073741824}"#), "\(json)")
        #expect(json.contains(#""have":{"cpus":1,"mem_bytes":1610612736}"#), "\(json)")
        let holder = #""holders":[{"id":"\#(first)","job":\#(first),"user":"\#(user)","#
        #expect(json.contains(holder), "\(json)")
        let running = try instance.run("fluster-ls", "--why", first).output
        #expect(running == "\(first) is running\n")
        #expect(try instance.run("fluster-ls", "--why").status == 64)
        try instance.run("fluster-kill", first)
        #expect(try instance.wait(third) == 0)
      }
    }

    @Test("a reason that room would not mend is told as it is")
    func held() throws {
      try Instance.with { instance in
        let id = try instance.submit("--hold", "--", "true")
        let why = try instance.run("fluster-ls", "--why", id).output
        #expect(why.hasSuffix("Held; fluster-set \(id) release.\n"), "\(why)")
        try instance.run("fluster-kill", id)
      }
    }

    @Test("holders whom the caller may not see are others")
    func others() throws {
      try SystemInstance.with { instance in
        let first = try instance.submit(as: .alice, "--cpus", "2", "--", "sleep", "1000")
        try eventually("the job runs") {
          try instance.run(as: .alice, "fluster-ls", "--state", "running", "-q").output
            == "\(first)\n"
        }
        let second = try instance.submit(as: .bob, "--", "true")
        let why = try instance.run(as: .bob, "fluster-ls", "--why", second).output
        #expect(why.contains("; held by others (2 cpus"), "\(why)")
        #expect(!why.contains("alice"), "\(why)")
        let all = try instance.run(as: .root, "fluster-ls", "--why", second).output
        #expect(all.contains("; held by \(first) (alice, 2 cpus"), "\(all)")
        #expect(try instance.run(as: .alice, "fluster-kill", first).status == 0)
      }
    }
  }
}
