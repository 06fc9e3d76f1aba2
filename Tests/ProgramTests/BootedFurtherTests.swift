import FlusterTesting
import Testing

extension Programs.Booted {
  @Test("a user who enables one socket has an instance of their own, which goes when it is idle")
  func userManager() throws {
    try BootedSystem.with { system in
      let alice = try system.logAliceIn()
      let settings = "mkdir -p ~/.config/fluster && echo '[Controller]\nIdleExitSec=1' >"
      #expect(try alice(["sh", "-c", "\(settings) ~/.config/fluster/fluster.conf"]).status == 0)
      let enabled = try alice(["systemctl", "--user", "enable", "--now", "flusterd.socket"])
      #expect(enabled.status == 0, "\(enabled)")
      let cgroup = try alice(["fluster-run", "-v", "cat", "/proc/self/cgroup"])
      #expect(cgroup.status == 0 && cgroup.errors.contains("user instance"), "\(cgroup)")
      #expect(cgroup.output.contains("/fluster.slice/fluster-shim.service/"), "\(cgroup)")
      #expect(try alice(["fluster-submit", "--wait", "-c", "exit 7"]).status == 7)
      try eventually("the daemons have gone") {
        let left = try alice(["systemctl", "--user", "is-active", "flusterd", "fluster-worker"])
        return left.output == "inactive\ninactive\n"
      }
      #expect(try alice(["fluster-submit", "--wait", "true"]).status == 0)
    }
  }

  @Test("a further worker offers what its own file says, and comes and goes with flusterd")
  func template() throws {
    try BootedSystem.with(settings: "[Controller]\nIdleExitSec=1\n") { system in
      let settings = "printf '[Worker]\nCpus=1\nResource=gpu=2\n'"
      #expect(
        try system.run("sh", "-c", "\(settings) >/etc/fluster/worker-gpu.conf").status == 0)
      try system.systemctl("enable", "--now", "--quiet", "fluster-worker@gpu")
      // Once at the first start, once after all have gone.
      for _ in 1...2 {
        try eventually("both workers have registered") {
          let workers = try system.run("fluster-ls", "--workers").lines
          return workers.count { $0.contains(" ready ") } == 2
        }
        let finished = try system.run(
          "fluster-submit", "--wait", "-r", "gpu=2", "-c", "cat /proc/self/cgroup", as: .alice)
        #expect(finished.status == 0, "\(finished)")
        let log = try system.run("fluster-log", "@last", as: .alice)
        #expect(log.output.contains("/fluster.slice/fluster-shim@gpu.service/"), "\(log)")
        let plain = try system.run("fluster-submit", "--wait", "true", as: .alice)
        #expect(plain.status == 0, "\(plain)")
        try eventually("the daemons have gone") {
          try ["flusterd", "fluster-worker", "fluster-worker@gpu"].allSatisfy {
            try system.property("ActiveState", of: $0) == "inactive"
          }
        }
      }
    }
  }
}
