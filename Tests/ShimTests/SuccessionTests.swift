import FlusterSystem
import Glibc
import Testing

@Suite("a shim that is replaced by another program")
struct SuccessionTests {
  /// What is executed at a path now.
  private func inode(_ path: String) -> UInt64 {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  private func install(_ source: String, at path: String) throws {
    #expect(run("cp", source, "\(path).new") == 0 && rename("\(path).new", path) == 0)
  }

  /// A shim that runs from a file of its own, which may be replaced.
  private func with(
    _ body: (_ fixture: ShimFixture, _ program: String) throws -> Void
  ) throws {
    var template = Array("/tmp/fluster-shim-program.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let directory = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { run("rm", "-rf", directory) }
    let program = "\(directory)/fluster-shim"
    try install(try binary("fluster-shim"), at: program)
    try body(try ShimFixture(program: program), program)
  }

  @Test("jobs, their logs and their ends go on in the same process, as often as it is done")
  func goesOn() throws {
    try with { fixture, program in
      let gate = "\(fixture.directory)/gate"
      mkfifo(gate, 0o600)
      var spawn = fixture.job("sh", "-c", "echo one; read line <\(gate); echo two; exit 7")
      spawn.output = .kept
      let early = fixture.job("sh", "-c", "exit 3")
      var connection = try fixture.connect()
      try connection.ask(.spawn(spawn))
      let (started, _) = try connection.start(of: spawn.uid)
      try connection.ask(.spawn(early))
      _ = try connection.end(of: early.uid)
      let pid = fixture.pid
      for _ in 0..<2 {
        try install(try binary("fluster-shim"), at: program)
        #expect(inode("/proc/\(pid)/exe") != inode(program))
        kill(pid, SIGHUP)
        try eventually("the new program has the process") {
          inode("/proc/\(pid)/exe") == inode(program)
        }
        connection = try fixture.connect()
        try connection.ask(.list)
        var ends: [UInt8?] = []
        var starts: [ShimStarted] = []
        _ = try connection.first { (notice, descriptors) -> Bool? in
          switch notice {
          case .started(let again): starts.append(again)
          case .ended(early.uid, _, let record): ends.append(record.exitCode)
          case .log: #expect(descriptors.count == 1)
          case .listEnd: return true
          case _: Issue.record("unexpected: \(notice)")
          }
          return nil
        }
        #expect(starts == [started] && ends == [3])
      }
      let writer = open(gate, O_WRONLY | O_CLOEXEC)
      #expect(write(writer, "\n", 1) == 1)
      close(writer)
      let record = try connection.end(of: spawn.uid)
      #expect(record.exitCode == 7 && record.startedNanoseconds == started.startedNanoseconds)
      #expect(!record.lost)
      let name = ShimSpawn.logName(of: spawn.uid, errors: false)
      #expect(contents("\(fixture.logs)/\(name)") == "one\ntwo\n")
      // Nothing is left open by the passage.
      for uid in [spawn.uid, early.uid] { try connection.ask(.acknowledge(uid: uid)) }
      let later = fixture.job("true")
      try connection.ask(.spawn(later))
      #expect(try connection.end(of: later.uid).exitCode == 0)
    }
  }

  @Test("a job gets the limits that it would have got before, and none of the shim's descriptors")
  func limits() throws {
    try with { fixture, program in
      let script = "ulimit -Sn; ls -l /proc/self/fd | grep -c ' [3-9] ->\\|[0-9][0-9] ->'"
      var shown: [String] = []
      for _ in 0..<2 {
        let connection = try fixture.connect()
        let held = fixture.job("sleep", "1000")
        try connection.ask(.spawn(held))
        _ = try connection.start(of: held.uid)
        let spawn = fixture.script(script)
        try connection.ask(.spawn(spawn))
        _ = try connection.end(of: spawn.uid)
        shown.append(fixture.output)
        unlink("\(fixture.directory)/out")
        try install(try binary("fluster-shim"), at: program)
        kill(fixture.pid, SIGHUP)
        try eventually("the new program has the process") {
          inode("/proc/\(fixture.pid)/exe") == inode(program)
        }
      }
      #expect(shown[0] == shown[1], "\(shown)")
    }
  }

  @Test("a program that does not understand what is held, or does not answer, is not let in")
  func refuses() throws {
    try with { fixture, program in
      let spawn = fixture.job("sleep", "1000")
      let connection = try fixture.connect()
      try connection.ask(.spawn(spawn))
      _ = try connection.start(of: spawn.uid)
      let own = inode("/proc/\(fixture.pid)/exe")
      for text in ["#!/bin/sh\nexit 71\n", "#!/bin/sh\nexec sleep 1000\n", "no program"] {
        let path = "\(program).bad"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o755)
        #expect(write(file, text, text.utf8.count) == text.utf8.count)
        close(file)
        #expect(rename(path, program) == 0)
        kill(fixture.pid, SIGHUP)
        // It is answered in turn, so the attempt has been made by then.
        try connection.ask(.signal(uid: spawn.uid, number: SIGCONT))
        try connection.ask(.kill(uid: Entropy.bytes(16)))
        _ = try connection.first { notice, _ in
          if case .unknown = notice { true } else { nil }
        }
        #expect(inode("/proc/\(fixture.pid)/exe") == own)
      }
      try connection.ask(.kill(uid: spawn.uid))
      #expect(try connection.end(of: spawn.uid).signal == UInt8(SIGKILL))
    }
  }
}
