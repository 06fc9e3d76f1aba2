import FlusterTesting
import Testing

extension Programs {
  /// One machine, one job of alice's, and bob, who may log in and nothing else.
  @Suite("what an ordinary user tries against others on a machine that systemd has booted")
  struct Attacks {
    @Test("comes to nothing, and is told so")
    func attacks() throws {
      let settings = "[Controller]\nMaxLiveTasks=20\n"
      let shim = "[Shim]\nLimitNOFILE=4096\n"
      try BootedSystem.with(settings: settings, shim: shim) { system in
        let scene = try AttackScene(system)
        try scene.othersJob()
        try scene.daemons()
        try scene.places()
        try scene.forgeries()
        try scene.impostors()
        try scene.files()
        try scene.surroundings()
        try scene.escapes()
        try scene.terminals()
        try scene.crowd()
        try scene.script()
        try scene.squatters()
        try scene.expectUntouched()
      }
    }

    @Test("set-user-id programs give a job what they give its owner, unless shim.conf forbids it")
    func privileges() throws {
      for (shim, user) in [("", "root"), ("[Shim]\nNoNewPrivileges=yes\n", "bob")] {
        try BootedSystem.with(shim: shim) { system in
          try system.systemctl("is-active", "fluster-shim.socket")
          let made = "install -m 4755 /usr/bin/id /usr/local/bin/setuid-id"
          #expect(try system.run("sh", "-c", made).status == 0)
          let id = try system.submit("setuid-id -un", as: .bob)
          #expect(try system.run("fluster-wait", id, as: .bob).status == 0)
          #expect(try system.run("fluster-log", id, as: .bob).output == "\(user)\n")
        }
      }
    }
  }
}

/// A job of alice's that runs, and what bob does.
struct AttackScene {
  let system: BootedSystem
  /// Of alice's job.
  let job: String
  let pid: String
  let uid: String
  /// The processes of the three daemons.
  private let pids: [String: String]

  /// What a line comes to: a status, and words on standard error.
  typealias Outcome = (line: String, status: Int32, words: String)

  init(_ system: BootedSystem) throws {
    self.system = system
    job = try system.submit(
      "echo $$; echo $FLUSTER_ATTEMPT_UID; echo secret; sleep 1000", as: .alice)
    var lines: [String] = []
    try eventually("alice's job has printed") { [job] in
      lines = try system.run("fluster-log", job, as: .alice).lines
      return lines.count == 3
    }
    (pid, uid) = (lines[0], lines[1])
    var pids: [String: String] = [:]
    for unit in ["flusterd", "fluster-worker", "fluster-shim"] {
      pids[unit] = try system.property("MainPID", of: unit)
    }
    self.pids = pids
    #expect(try system.run("install", "-d", "-o", "bob", "/tmp/bob").status == 0)
  }

  /// Runs a shell line as bob in a directory of his.
  func bob(_ line: String) throws -> Finished {
    try system.run("sh", "-c", "cd /tmp/bob; \(line)", as: .bob)
  }

  func expect(_ outcomes: [Outcome]) throws {
    for outcome in outcomes {
      let finished = try bob(outcome.line)
      #expect(finished.status == outcome.status, "\(outcome.line): \(finished)")
      #expect(finished.errors.contains(outcome.words), "\(outcome.line): \(finished)")
      #expect(!finished.output.contains("secret"), "\(outcome.line): \(finished)")
    }
  }

  /// Submits as bob, waits, and gives what the job printed.
  func log(_ submit: String, status: Int32 = 0) throws -> [String] {
    let finished = try bob(
      "id=$(\(submit)) && { fluster-wait -q $id; status=$?; fluster-log $id; exit $status; }")
    #expect(finished.status == status, "\(submit): \(finished)")
    return finished.lines
  }

  /// Nothing has become of alice's job, nor of a daemon.
  func expectUntouched() throws {
    for (unit, pid) in pids {
      #expect(try system.property("MainPID", of: unit) == pid)
      #expect(try system.property("NRestarts", of: unit) == "0")
    }
    #expect(try system.run("fluster-log", job, as: .alice).lines == [pid, uid, "secret"])
    #expect(try system.run("kill", "-0", pid).status == 0)
    let listed = try system.run("fluster-ls", "--no-header", "-o", "STATE", job, as: .alice)
    #expect(listed.output.trimmed == "running", "\(listed)")
    #expect(try system.run("fluster-kill", job, as: .alice).status == 0)
    #expect(try system.run("fluster-wait", job, as: .alice).status == 143)
  }

  // MARK: What is another's

  func othersJob() throws {
    let refusal = "job \(job) belongs to uid "
    try expect(
      [
        ("fluster-kill \(job)", 77, refusal), ("fluster-kill -s CONT \(job)", 77, refusal),
        ("fluster-log \(job)", 77, refusal), ("fluster-log -f \(job)", 77, refusal),
        ("fluster-set \(job) hold", 77, refusal), ("fluster-set \(job) priority 9", 77, refusal),
        ("fluster-ls -l \(job)", 77, refusal), ("fluster-ls --follow \(job)", 77, refusal),
        ("fluster-wait \(job)", 125, refusal), ("fluster-ls --script \(job)", 77, refusal),
        ("fluster-endpoint ls --job \(job)", 77, refusal),
        ("fluster-submit --after \(job) true", 77, refusal),
        ("kill -9 \(pid)", 1, "Operation not permitted"),
        ("cat /var/log/fluster/\(uid).log", 1, "Permission denied"),
        ("cat /proc/\(pid)/environ", 1, "Permission denied"),
        ("cat /proc/\(pid)/fd/1", 1, "Permission denied"),
        ("ls /proc/\(pid)/cwd/", 2, "Permission denied"),
        ("cat /proc/\(pid)/mem", 1, "Permission denied"),
      ])
    #expect(try bob("fluster-ls -aA --no-header").output == "")
    #expect(try bob("fluster-ls -a --cursor start --json | grep -c '\"job\"'").output == "0\n")
  }

  func daemons() throws {
    for (unit, pid) in pids {
      try expect([
        ("kill -9 \(pid)", 1, "Operation not permitted"),
        ("cat /proc/\(pid)/environ", 1, "Permission denied"),
        ("ls /proc/\(pid)/fd/", 2, "Permission denied"),
        ("cat /proc/\(pid)/mem", 1, "Permission denied"),
        ("systemctl --no-ask-password stop \(unit)", 1, "authentication required"),
      ])
    }
    try expect([
      ("fluster-ctl drain booted", 77, "administrator"),
      ("fluster-ctl forget booted", 77, "administrator"),
      ("fluster-ctl backup copy", 77, "uid 1002 is no administrator"),
    ])
  }

  func places() throws {
    for path in [
      "/var/lib/fluster", "/var/log/fluster", "/run/fluster/shim", "/run/fluster/claims",
      "/run/fluster/sock",
    ] {
      try expect([("ls \(path)", 2, "Permission denied")])
    }
    for line in [
      "cat /var/lib/fluster/fluster.db", "touch /run/fluster/x", "rm /run/fluster/control.sock",
      "touch /var/log/fluster/full", "mkdir /run/fluster/sock/x", "rm /var/log/fluster/\(uid).log",
      "mv /run/fluster /run/other", "echo >>/etc/fluster/shim.conf.d",
    ] {
      let finished = try bob(line)
      #expect(
        finished.status != 0 && finished.errors.contains("Permission denied"), "\(finished)")
    }
  }

  // MARK: What is not true

  func forgeries() throws {
    let forged = "FLUSTER_JOB_ID=\(job) FLUSTER_TASK_INDEX=0 FLUSTER_ATTEMPT_UID=\(uid)"
    let child = try bob("\(forged) fluster-submit --hold true")
    #expect(child.status == 0, "\(child)")
    #expect(child.errors.contains("in which this was submitted, belongs to uid 1001"), "\(child)")
    let id = try #require(child.lines.first)
    #expect(child.errors.contains("job \(id) is a root job"), "\(child)")
    #expect(try bob("fluster-kill \(id)").status == 0)
    try expect([
      ("\(forged) fluster-endpoint add web tcp://127.0.0.1:80", 77, "belongs to uid 1001")
    ])
    #expect(try system.run("fluster-endpoint", "ls", "--job", job, as: .alice).status == 0)
    // Whoever it says it is, it is who has connected.
    let lines = try log(
      "USER=root LOGNAME=root HOME=/root SUDO_UID=0 FLUSTER_UID=0 \(forged) fluster-submit -c "
        + "'id -un; echo $FLUSTER_ATTEMPT_UID $FLUSTER_JOB_ID'")
    #expect(lines.first == "bob" && lines.count == 2 && !lines[1].contains(uid), "\(lines)")
    // A key is its owner's: the same word is not the same job.
    let hers = try system.run("fluster-submit", "--hold", "--key", "nightly", "true", as: .alice)
    let his = try bob("fluster-submit --hold --key nightly true")
    #expect(hers.status == 0 && his.status == 0 && hers.output != his.output, "\(his)")
    #expect(try bob("fluster-kill key:nightly").status == 0)
    let left = try system.run("fluster-kill", "key:nightly", as: .alice)
    #expect(left.status == 0, "\(left)")
    #expect(try system.run("fluster-wait", "-q", "key:nightly", as: .alice).status == 126)
  }

  func impostors() throws {
    for socket in ["worker.sock", "shim.sock"] {
      let script = "IO::Socket::UNIX->new(Peer => \"/run/fluster/\(socket)\") or die \"$!\\n\""
      try expect([("perl -MIO::Socket::UNIX -e '\(script)'", 13, "Permission denied")])
    }
    try expect([
      ("timeout 1 fluster-worker --system", 124, "cannot reach the shim"),
      ("fluster-shim --system", 78, "--system needs root"),
      ("/usr/libexec/fluster/flusterd --system", 77, "cannot be written: permission denied"),
    ])
    // The daemons' own users are none of those whose jobs run.
    for user in ["fluster", "fluster-worker"] {
      let refused = try system.run(
        "setpriv", "--reuid", user, "--clear-groups", "fluster-submit", "--wait", "true")
      #expect(refused.status == 126, "\(refused)")
      #expect(refused.errors.contains("did not start: user"), "\(refused)")
    }
  }
}
