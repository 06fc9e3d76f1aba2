import FlusterTesting
import Glibc
import Testing

extension Programs {
  /// What only a kernel with all of cgroup v2 shows. It takes half a minute to have one, so one
  /// boot does for all of it.
  @Suite("on a machine with all of cgroup v2")
  struct Machine {
    /// Scenario 82.
    @Test("every limit bites, and whom it does not concern goes on")
    func limits() throws {
      if let obstacle = try VirtualMachine.obstacle() {
        #expect(maySkip(because: obstacle))
        return
      }
      let machine = try VirtualMachine()
      for (name, check) in LimitCases(machine: machine).all {
        do {
          try check()
        } catch {
          Issue.record("\(name): \(error)")
          print(try machine.run("journalctl --no-pager --unit 'fluster*' -n 100").output)
        }
      }
      try machine.finish()
    }
  }
}

/// One after the other on one machine; a worker of 4 processors and 900M is registered on it.
struct LimitCases {
  let machine: VirtualMachine

  var all: [(name: String, check: () throws -> Void)] {
    [("memory", memory)]
  }

  /// Submits as alice, with `fluster-submit` before the words; the id.
  private func submit(_ words: String, as user: VirtualMachine.User = .alice) throws -> String {
    let finished = try machine.run("fluster-submit \(words)", as: user)
    guard finished.status == 0 else { throw Unexpected(line: words, finished: finished) }
    return finished.output.trimmed
  }

  /// The processes of the daemons.
  private func daemons() throws -> [String] {
    try machine.succeed(
      "systemctl show --property MainPID --value flusterd fluster-worker fluster-shim"
    ).split(separator: "\n").map(String.init)
  }

  func memory() throws {
    let other = try submit("sleep 10000", as: .bob)
    let before = try daemons()
    let hungry = try submit(
      "--mem 50M -c 'sleep 10000 & setsid sleep 10001 & head -c 200M /dev/zero | tail'")
    let waited = try machine.run("fluster-wait \(hungry)", as: .alice)
    #expect(waited.status == 137 && waited.errors.contains("memory"), "\(waited)")
    let told = try machine.succeed("fluster-ls -l \(hungry)", as: .alice)
    #expect(told.contains("memory limit") && told.contains("peak 50M"), "\(told)")
    #expect(try machine.run("pgrep --uid alice").output == "")
    #expect(try machine.succeed("fluster-ls --no-header -o STATE \(other)", as: .bob) == "running")
    #expect(try daemons() == before)
    try machine.succeed("fluster-kill \(other)", as: .bob)
  }
}
