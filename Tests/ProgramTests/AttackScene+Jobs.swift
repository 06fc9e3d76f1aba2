import FlusterTesting
import Testing

/// What bob tries by means of his own jobs.
extension AttackScene {
  func files() throws {
    #expect(
      try bob("mkdir gone shut; mkfifo fifo; ln -s /etc/passwd link; ln -s /root/x away").status
        == 0)
    for (options, why) in [
      ("-o link", "stdout: link: permission denied"),
      ("-E away", "stderr: away: permission denied"),
      ("-o fifo", "stdout: fifo: no such device or address"),
      ("-o /var/log/fluster/mine.log", "stdout: /var/log/fluster/mine.log: permission denied"),
      ("-o /run/fluster/mine", "stdout: /run/fluster/mine: permission denied"),
      ("--stdin /etc/shadow", "stdin: /etc/shadow: permission denied"),
      ("--stdin /var/lib/fluster/fluster.db", "stdin: /var/lib/fluster/fluster.db: perm"),
      ("--stdin /var/log/fluster/\(uid).log", "stdin: /var/log/fluster/\(uid).log: perm"),
      ("-C /root", "directory: /root: permission denied"),
    ] {
      try expect([("fluster-submit --wait \(options) -- true", 126, "did not start: \(why)")])
    }
    // Where nobody writes there is nothing to read, and nobody waits.
    #expect(try log("fluster-submit --stdin fifo -- cat") == [])
    for (place, ruin, why) in [
      ("gone", "rmdir gone", "no such file or directory"),
      ("shut", "chmod 0 shut", "permission denied"),
    ] {
      try expect([
        (
          "id=$(cd \(place); fluster-submit --hold true); \(ruin); fluster-set -q $id release;"
            + " fluster-wait $id", 126, "did not start: directory: /tmp/bob/\(place): \(why)"
        )
      ])
    }
    #expect(try system.run("stat", "-c", "%U %a", "/etc/passwd").output == "root 644\n")
  }

  func surroundings() throws {
    // What stands in his PATH and environment is found and heeded by his job, as him, and by nobody
    // before it.
    let program = "printf '#!/bin/sh\\nid -un\\n' >ls; chmod +x ls"
    #expect(try bob(program).status == 0)
    for path in [".:/usr/local/bin:/usr/bin:/bin", ":/usr/local/bin:/usr/bin:/bin"] {
      #expect(try log("PATH=\(path) fluster-submit ls") == ["bob"])
    }
    #expect(try bob("rm ls; echo 'id -un >>/tmp/bob/marks' >rc").status == 0)
    let variables =
      "LD_PRELOAD=/tmp/bob/evil.so LD_AUDIT=/tmp/bob/evil.so BASH_ENV=/tmp/bob/rc"
      + " ENV=/tmp/bob/rc IFS=/ GCONV_PATH=/tmp/bob SWIFT_BACKTRACE=enable=yes MALLOC_CHECK_=3"
    let lines = try log("\(variables) fluster-submit -E err -- bash -c 'echo $BASH_ENV'")
    #expect(lines == ["/tmp/bob/rc"])
    #expect(try bob("sort -u marks").output == "bob\n")
    for unit in ["flusterd", "fluster-worker", "fluster-shim"] {
      let pid = try system.property("MainPID", of: unit)
      let known = try system.run("sh", "-c", "tr '\\0' '\\n' </proc/\(pid)/environ")
      #expect(!known.output.contains("/tmp/bob"), "\(known)")
      #expect(!(try system.run("cat", "/proc/\(pid)/maps").output).contains("/tmp/bob"))
    }
    // What systemd gave the daemons is none of a job's business.
    let given = "LISTEN|NOTIFY|INVOCATION|JOURNAL|CREDENTIALS|WATCHDOG|SWIFT|_DIRECTORY="
    #expect(try log("fluster-submit -c 'env | grep -E \"\(given)\"'", status: 1) == [])
    let numbers = "for f in /proc/$$/fd/*; do readlink $f; done | grep -vE \"^/proc|/dev/null\""
    let open = try log("fluster-submit -c '\(numbers) | sed s,/[0-9a-f]*[.]log,/LOG,'")
    #expect(open == ["/var/log/fluster/LOG", "/var/log/fluster/LOG"], "\(open)")
    // Better than the ceilings is not to be had, and more than the submitter has not asked for.
    #expect(try log("fluster-submit --nice -5 -c 'ulimit -Hn; nice'") == ["4096", "0"])
    try expect([
      ("fluster-submit --rlimit nofile=999999:999999 true", 64, "cannot be above your own hard")
    ])
    let big = "BIG=$(head -c 100000 /dev/zero | tr '\\0' x)"
    #expect(
      try log("\(big); B1=$BIG B2=$BIG B3=$BIG B4=$BIG fluster-submit -c 'echo ${#B4}'") == [
        "100000"
      ])
  }

  func escapes() throws {
    // Twice forked, in a session of its own, with nothing in its environment to know it by.
    let escape =
      "setsid env -i sh -c '(sleep 1000 & echo $! >/tmp/bob/escaped) &' & "
      + "until [ -s /tmp/bob/escaped ]; do sleep 0.01; done"
    #expect(try bob("cat >escape <<'END'\n\(escape)\nEND").status == 0)
    #expect(try log("fluster-submit sh escape") == [])
    #expect(try bob("kill -0 $(cat escaped)").errors.contains("No such process"))
    let group = """
      g=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)
      for f in /sys/fs/cgroup/cgroup.procs $g/../cgroup.procs $g/../shim/cgroup.procs \\
        $g/cgroup.procs $g/../\(uid)/cgroup.procs; do
        sh -c "echo $$ >$f" 2>/dev/null && echo moved to $f
      done
      for f in cgroup.kill cgroup.freeze cgroup.max.descendants memory.max pids.max cpu.max; do
        sh -c "echo 1 >$g/$f" 2>/dev/null && echo wrote $f
        sh -c "echo 1 >$g/../\(uid)/$f" 2>/dev/null && echo wrote $f of hers
      done
      mkdir $g/own 2>/dev/null && echo made a group
      echo 0 >/proc/self/oom_score_adj && echo -1 2>/dev/null >/proc/self/oom_score_adj
      echo tried
      """
    #expect(try bob("cat >group <<'END'\n\(group)\nEND").status == 0)
    #expect(try log("fluster-submit sh group") == ["tried"])
  }

  /// What an administrator sees on a terminal does not command it.
  func terminals() throws {
    let escape = "$(printf '\\033[2Jx')"
    try expect([
      ("fluster-submit -n \(escape) true", 65, "the name contains a control character"),
      ("fluster-submit --key \(escape) true", 65, "the key contains a control character"),
    ])
    let submitted = try bob(
      "mkdir \(escape); cd \(escape); fluster-submit -o \(escape) --wait -- true \(escape)")
    #expect(submitted.status == 0, "\(submitted)")
    let job = try system.run("fluster-submit", "-c", "exit 3", as: .bob).output.trimmed
    _ = try bob("fluster-kill \(job)")
    for arguments in [["-aAl"], ["-aA"], ["-aA", "--json"], ["-aA", "-o", "ID,COMMAND,REASON"]] {
      let all = try system.run(["fluster-ls"] + arguments)
      #expect(all.status == 0 && all.lines.count > 5, "\(arguments): \(all)")
      #expect(!all.output.contains("\u{1b}"), "\(arguments)")
    }
    let feed = try system.run("fluster-ls", "-a", "--cursor", "start")
    #expect(feed.status == 0 && !feed.output.contains("\u{1b}"))
    let journal = try system.run("journalctl", "--no-pager", "-u", "flusterd")
    #expect(!journal.output.contains("\u{1b}"))
  }

  /// Bob may fill his own part of the queue, and alice does not notice.
  func crowd() throws {
    let filled = try bob(
      "n=0; while fluster-submit -q --hold true >/dev/null; do n=$((n + 1)); done; echo $n")
    #expect(filled.output == "20\n", "\(filled)")
    #expect(filled.errors.contains("uid 1002 has 20 unfinished jobs and open tasks"), "\(filled)")
    #expect(filled.errors.contains("MaxLiveTasks=20"), "\(filled)")
    try expect([("fluster-submit --hold true", 75, "uid 1002 has 20 unfinished jobs")])
    let hers = try system.submit("exit 5", as: .alice)
    #expect(try system.run("fluster-wait", hers, as: .alice).status == 5)
    #expect(try bob("fluster-kill name:true").status == 0)
    // A log has a cap, and is in nobody's way but its owner's.
    let full = try bob(
      "id=$(fluster-submit --log-max 1M -c 'head -c 30000000 /dev/zero; sleep 3');"
        + " fluster-wait $id; du -k $(fluster-ls --json $id | grep -c .) 2>/dev/null; echo done")
    #expect(full.lines.last == "done", "\(full)")
    let size = try system.run("sh", "-c", "du -sm /var/log/fluster | cut -f1").output.trimmed
    #expect(try #require(Int(size)) < 20, "\(size)M")
  }

  /// A script that runs can be changed by nobody, least of all by another.
  func script() throws {
    let text = "#!/bin/sh\necho $$\nuntil [ -e /tmp/go ]; do sleep 0.05; done\necho end\n"
    let hers = try system.run(["fluster-submit", "-"], as: .alice, input: text).output.trimmed
    var pid = ""
    try eventually("the script has said its pid") {
      pid = try system.run("fluster-log", hers, as: .alice).lines.first ?? ""
      return pid != ""
    }
    let tamper = "echo 'echo tampered' >>/proc/\(pid)/fd/100"
    try expect([("sh -c \"\(tamper)\"", 2, "Permission denied")])
    let own = try system.run("sh", "-c", tamper, as: .alice)
    #expect(own.status != 0, "\(own)")
    #expect(try system.run("touch", "/tmp/go", as: .alice).status == 0)
    #expect(try system.run("fluster-wait", hers, as: .alice).status == 0)
    #expect(try system.run("fluster-log", hers, as: .alice).lines == [pid, "end"])
  }

  /// Bob prepares the place where alice's own instance would be, and listens there.
  func squatters() throws {
    let listen = "IO::Socket::UNIX->new(Local => \"/tmp/fluster-1001/control.sock\", Listen => 1)"
    #expect(
      try bob(
        "mkdir -m 0777 /tmp/fluster-1001; perl -MIO::Socket::UNIX -e '\(listen) or die $!;'"
      ).status == 0)
    let answered = try system.run("fluster-ls", "-v", as: .alice)
    #expect(answered.status == 0, "\(answered)")
    #expect(answered.errors.contains("system instance"), "\(answered)")
    let asked = try system.run("fluster-ls", "--socket", "user", as: .alice)
    #expect(asked.status == 77, "\(asked)")
    #expect(asked.errors.contains("/tmp/fluster-1001 is not yours"), "\(asked)")
    for program in ["fluster-worker", "fluster-shim", "/usr/libexec/fluster/flusterd"] {
      let refused = try system.run(
        "env", "XDG_STATE_HOME=/tmp/alice", "timeout", "10", program, as: .alice)
      #expect([71, 77, 78].contains(refused.status), "\(program): \(refused)")
      #expect(refused.errors.contains("/tmp/fluster-1001"), "\(program): \(refused)")
    }
    // Names without a path are anybody's, so nothing listens under one.
    #expect(try system.run("sh", "-c", "grep -c '@.*fluster' /proc/net/unix").output == "0\n")
  }
}
