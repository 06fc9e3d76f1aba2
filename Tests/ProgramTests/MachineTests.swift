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
    [
      ("memory", memory), ("processes", processes), ("usual limit", usual), ("frozen", frozen),
      ("escape", escape), ("restart", restart), ("quota", quota), ("cores", cores),
    ]
  }

  /// Submits as alice, with `fluster-submit` before the words; the id.
  private func submit(_ words: String, as user: VirtualMachine.User = .alice) throws -> String {
    let finished = try machine.run("fluster-submit \(words)", as: user)
    guard finished.status == 0, finished.errors == "" else {
      throw Unexpected(line: words, finished: finished)
    }
    return finished.output.trimmed
  }

  private func log(_ id: String) throws -> String {
    try machine.run("fluster-log \(id)", as: .alice).output
  }

  private func wait(_ id: String) throws -> Int32 {
    try machine.run("fluster-wait \(id)", as: .alice).status
  }

  private func eventually(_ what: String, _ condition: () throws -> Bool) throws {
    try FlusterTesting.eventually(what, within: 120, condition)
  }

  /// What its first attempt used.
  private func usage(_ id: String) throws -> ParsedJSON {
    let job = try ParsedJSON(try machine.succeed("fluster-ls --json -l \(id)", as: .alice))
    return try #require(job["attempts"]?.elements?.first?["usage"])
  }

  /// The processes of the daemons.
  private func daemons() throws -> [String] {
    try machine.succeed(
      "systemctl show --property MainPID --value flusterd fluster-worker fluster-shim"
    ).split(separator: "\n").map(String.init)
  }

  /// Gives fluster.conf this line below [Worker], and waits until the worker goes by it.
  private func set(_ line: String) throws {
    try machine.succeed("printf '[Worker]\\n\(line)\\n' >/etc/fluster/fluster.conf")
    let count = "journalctl --unit fluster-worker | grep --count 'registered with'"
    let before = try machine.succeed(count)
    try machine.succeed("systemctl reload fluster-worker")
    try eventually("the worker has registered again") { try machine.succeed(count) != before }
  }

  private func memory() throws {
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

  private func processes() throws {
    let bomb = try submit("--pids 20 -c 'for i in $(seq 50); do sleep 10000 & done; sleep 10000'")
    let other = try submit("-c '(true; true) | cat; exit 3'", as: .bob)
    #expect(try machine.run("fluster-wait \(other)", as: .bob).status == 3)
    #expect(try wait(bomb) != 0)
    #expect(try log(bomb).lowercased().contains("cannot fork"))
    #expect(try machine.succeed("fluster-ls -l \(bomb)", as: .alice).contains("pids 20"))
  }

  private func usual() throws {
    let id = try submit(
      """
      --band batch -c 'cd /sys/fs/cgroup/$(sed s/0:://\\;s/^.// /proc/self/cgroup) &&
      cat pids.max io.weight cpu.max'
      """)
    #expect(try wait(id) == 0)
    let most =
      try machine.succeed("cat /proc/sys/kernel/threads-max /proc/sys/kernel/pid_max")
      .split(separator: "\n").compactMap { Int($0) }.min() ?? 0
    #expect(
      try log(id).split(separator: "\n").map(String.init)
        == ["\(most / 100 * 15)", "default 50", "max 100000"])
  }

  private func frozen() throws {
    let id = try submit("-c 'while :; do echo x >>/tmp/ticks; sleep 0.1; done'")
    func ticks() throws -> Int { Int(try machine.succeed("wc -l </tmp/ticks || echo 0")) ?? 0 }
    try eventually("it ticks") { try ticks() > 0 }
    try machine.succeed("fluster-set \(id) freeze", as: .alice)
    let group =
      try machine.succeed("dirname /sys/fs/cgroup/fluster.slice/*/*/cgroup.freeze")
      .split(separator: "\n").last { !$0.hasSuffix("/shim") } ?? ""
    try eventually("all of it stands still") {
      try machine.succeed("cat \(group)/cgroup.events").contains("frozen 1")
    }
    let count = try ticks()
    try machine.succeed("sleep 1")
    #expect(try ticks() == count)
    try machine.succeed("fluster-set \(id) thaw", as: .alice)
    try eventually("it goes on") { try ticks() > count }
    try machine.succeed("fluster-set \(id) freeze && fluster-kill \(id)", as: .alice)
    #expect(try wait(id) == 143)
  }

  private func escape() throws {
    let id = try submit(
      """
      -c 'setsid sh -c "trap : TERM; env -i setsid sleep 5000 & exec env -i sleep 5001" &
      exec sleep 5002'
      """)
    try eventually("all of it runs") {
      try machine.run("pgrep --uid alice sleep").lines.count == 3
    }
    // One line, so that nothing has time to go between the end and the look.
    let left = try machine.run(
      "fluster-kill \(id); fluster-wait \(id); pgrep --list-full --uid alice sleep")
    #expect(left.errors.contains("killed") && left.output == "", "\(left)")
  }

  private func restart() throws {
    let id = try submit("-c 'until [ -e /tmp/go ]; do sleep 0.1; done; exit 5'")
    try eventually("it runs") {
      try machine.succeed("fluster-ls --no-header -o STATE \(id)", as: .alice) == "running"
    }
    try machine.succeed("systemctl kill --signal KILL fluster-worker flusterd && touch /tmp/go")
    #expect(try wait(id) == 5)
  }

  private func quota() throws {
    try set("CpuLimit=quota")
    let id = try submit("--cpus 0.5 -c 'timeout 4 sh -c \"while :; do :; done\"; true'")
    #expect(try wait(id) == 0)
    let usage = try usage(id)
    func number(_ key: String) -> Double { usage[key]?.double ?? -1 }
    let cpu = number("user_seconds") + number("system_seconds")
    #expect(cpu > 1 && cpu < 0.6 * number("wall_seconds"), "\(usage)")
    #expect(number("throttled_seconds") > 1 && number("cpu_stall_seconds") > 1, "\(usage)")
    #expect(
      number("memory_stall_seconds") >= 0 && number("io_stall_seconds") >= 0
        && number("peak_mem_bytes") > 0, "\(usage)")
  }

  private func cores() throws {
    try set("CpuLimit=cores")
    let body = """
      -c 'until [ -e /tmp/gone-$FLUSTER_JOB_ID ]; do sleep 0.1; done
      grep Cpus_allowed_list /proc/self/status; env --unset OMP_NUM_THREADS nproc'
      """
    func processors(_ id: String) throws -> (list: String, count: String) {
      try machine.succeed("touch /tmp/gone-\(id)")
      #expect(try wait(id) == 0)
      let words = try log(id).split(whereSeparator: \.isWhitespace).map(String.init)
      try #require(words.count == 3, "\(words)")
      return (words[1], words[2])
    }
    let shared = try submit("--cpus 0.5 \(body)")
    let two = try submit("--cpus 2 \(body)")
    let one = try submit("--cpus 1 \(body)")
    let later = try submit("--cpus 0.5 \(body)")
    try eventually("all of them run") {
      try machine.succeed("fluster-ls --no-header --state running", as: .alice)
        .split(separator: "\n").count == 4
    }
    #expect(try processors(shared) == ("3", "1"))
    #expect(try processors(two) == ("0-1", "2"))
    #expect(try processors(later) == ("0-1,3", "3"))
    #expect(try processors(one) == ("2", "1"))
  }
}
