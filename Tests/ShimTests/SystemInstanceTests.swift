import FlusterSystem
import Glibc
import Testing

/// A shim of the system instance in a mount namespace of its own, with users of its own.
final class SystemShim {
  static let worker: UInt32 = 61_801
  static let alice: UInt32 = 61_802

  let directory: String
  let pid: Int32

  init(configuration: String = "AllowUids=61802-61810") throws {
    var template = Array("/tmp/fluster-shim-test.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory") }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    chmod(directory, 0o755)
    let files = [
      "passwd": """
      root:x:0:0::/:/bin/sh
      fluster-worker:x:61801:61801::/:/bin/sh
      alice:x:61802:61802::/:/bin/sh
      """,
      "group": """
      root:x:0:
      fluster-worker:x:61801:
      alice:x:61802:
      lab:x:61820:alice
      wheel:x:61821:alice,root
      """,
      "shim.conf": "[Shim]\n\(configuration)",
    ]
    for (name, text) in files {
      try Files.writeAtomically("\(directory)/\(name)", Array("\(text)\n".utf8), mode: 0o644)
    }
    for (name, owner) in [("log", Self.worker), ("home", Self.alice)] {
      mkdir("\(directory)/\(name)", 0o711)
      chown("\(directory)/\(name)", owner, owner)
    }
    let script = """
      mount --bind \(directory)/passwd /etc/passwd && mount --bind \(directory)/group /etc/group &&
      exec "$0" --system --listen \(directory)/shim.sock --state \(directory)/state \
        --log-directory \(directory)/log --config \(directory)/shim.conf
      """
    let shell = ["sh", "-c", script, try binary("fluster-shim")]
    pid = try launch(["unshare", "--mount", "--propagation", "private"] + shell)
  }

  deinit {
    var status: Int32 = 0
    kill(pid, SIGTERM)
    waitpid(pid, &status, 0)
    run("rm", "-rf", directory)
  }

  func connect() throws -> ShimConnection {
    let socket = "\(directory)/shim.sock"
    try eventually("the shim to listen") {
      guard let end = try? UnixSocket.connect(to: socket, kind: .seqpacket) else { return false }
      _ = end
      return true
    }
    let connection = try ShimConnection.connect(socket)
    try connection.ask(.hello(version: ShimWire.version))
    guard case .hello = try connection.next().0 else { throw Unexpected("no hello") }
    return connection
  }

  func exitStatus() -> Int32 {
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return status >> 8
  }

  func script(_ text: String, owner: UInt32 = alice) -> ShimSpawn {
    var spawn = ShimSpawn(
      uid: Entropy.bytes(16), owner: owner,
      argv: ["sh", "-c", text].map { Array($0.utf8) },
      environment: [Array("PATH=/usr/bin:/bin".utf8)], directory: Array("\(directory)/home".utf8))
    spawn.output = .path(Array("out".utf8))
    return spawn
  }
}

@Suite("the system instance", .enabled(if: geteuid() == 0, "it needs root"))
struct SystemInstanceTests {
  @Test("a job is its owner, with the owner's groups, for ever", arguments: [true, false])
  func identity(firstTime: Bool) throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    if !firstTime { #expect(try connection.run(shim.script("rm out")).exitCode == 0) }
    let fields = "Uid|Gid|CapInh|CapPrm|CapEff|CapAmb"
    let text = "id -u; id -g; id -G; grep -E '\(fields)' /proc/self/status"
    #expect(try connection.run(shim.script(text)).exitCode == 0)
    let four = { (number: UInt32) in "\(number)\t\(number)\t\(number)\t\(number)" }
    let none = "0000000000000000"
    #expect(
      contents("\(shim.directory)/home/out") == """
        61802
        61802
        61802 61820 61821
        Uid:\t\(four(61802))
        Gid:\t\(four(61802))
        CapInh:\t\(none)
        CapPrm:\t\(none)
        CapEff:\t\(none)
        CapAmb:\t\(none)

        """)
  }

  @Test("root, refused uids and unknown users have no jobs")
  func refused() throws {
    let shim = try SystemShim(configuration: "AllowUids=0 61802-61803")
    let connection = try shim.connect()
    #expect(try connection.refusal(shim.script("true", owner: 0)) == [3, EPERM])
    #expect(try connection.refusal(shim.script("true", owner: 65534)) == [3, EPERM])
    #expect(try connection.refusal(shim.script("true", owner: UInt32.max)) == [3, EPERM])
    #expect(try connection.refusal(shim.script("true", owner: 61801)) == [3, EPERM])
    #expect(try connection.refusal(shim.script("true", owner: 61803)) == [3, ENOENT])
  }

  @Test("a name service that hangs costs the job that needs it, after 5 s, and nobody else")
  func lookUp() throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    let fifo = "\(shim.directory)/fifo"
    #expect(mkfifo(fifo, 0o644) == 0)
    let enter = ["nsenter", "--mount", "--target", "\(shim.pid)", "--"]
    func inside(_ command: String...) throws {
      var status: Int32 = 0
      waitpid(try launch(enter + command), &status, 0)
      try #require(status == 0, "\(command)")
    }
    try inside("mount", "--bind", fifo, "/etc/passwd")
    let spawn = shim.script("true")
    let start = Clock.monotonicNanoseconds()
    try connection.ask(.spawn(spawn))
    #expect(try connection.list() == [.starting(uid: spawn.uid, tag: spawn.tag)])
    #expect(
      try connection.next().0
        == .notStarted(uid: spawn.uid, tag: spawn.tag, reason: 3, errno: ETIMEDOUT))
    let waited = Clock.monotonicNanoseconds() - start
    #expect((4_900_000_000...9_000_000_000).contains(waited), "\(waited)")
    // Lazily: the child that was killed in there may not be gone yet.
    try inside("umount", "--lazy", "/etc/passwd")
    #expect(try connection.run(shim.script("true")).exitCode == 0)
  }

  @Test("paths are opened with the owner's rights, not with root's")
  func paths() throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    mkdir("\(shim.directory)/secret", 0o700)
    var spawn = shim.script("true")
    spawn.directory = Array("\(shim.directory)/secret".utf8)
    #expect(try connection.refusal(spawn) == [2, EACCES])
    spawn = shim.script("true")
    spawn.output = .path(Array("\(shim.directory)/secret/out".utf8))
    #expect(try connection.refusal(spawn) == [7, EACCES])
    spawn = shim.script("true")
    spawn.input = .path(Array("\(shim.directory)/secret/in".utf8))
    #expect(try connection.refusal(spawn) == [6, EACCES])
    spawn = shim.script("true")
    spawn.argv = [Array("\(shim.directory)/secret/program".utf8)]
    #expect(try connection.refusal(spawn) == [1, EACCES])
  }

  @Test("a kept log belongs to the owner and the worker's group, and can be opened again")
  func log() throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    var spawn = shim.script("echo a; echo b >>/dev/stdout; echo c >>/dev/stderr")
    spawn.output = .kept
    #expect(try connection.run(spawn).exitCode == 0)
    let path = "\(shim.directory)/log/\(ShimSpawn.logName(of: spawn.uid, errors: false))"
    #expect(contents(path) == "a\nb\nc\n")
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_uid == SystemShim.alice && status.st_gid == SystemShim.worker)
    #expect(status.st_mode & 0o7777 == 0o640)
    // A worker that puts another's file under the name does not get it opened by root.
    unlink(path)
    #expect(link("\(shim.directory)/shim.conf", path) == 0)
    try connection.ask(.openLog(uid: spawn.uid, errors: false))
    #expect(try connection.next().0 == .unknown(uid: spawn.uid))
    unlink(path)
    #expect(symlink("\(shim.directory)/shim.conf", path) == 0)
    try connection.ask(.openLog(uid: spawn.uid, errors: false))
    #expect(try connection.next().0 == .unknown(uid: spawn.uid))
  }

  @Test("a pipe of output belongs to the owner, who may open it again")
  func pipe() throws {
    let shim = try SystemShim()
    let connection = try shim.connect()
    var spawn = shim.script("echo a; echo b >>/dev/stdout; echo c >>/dev/stderr")
    spawn.output = .piped
    try connection.ask(.spawn(spawn))
    let pipes = try connection.first { notice, descriptors in
      notice == .output(uid: spawn.uid, errors: false) ? descriptors : nil
    }
    #expect(try connection.end(of: spawn.uid).exitCode == 0)
    #expect(try Pipe.take(7, from: pipes[3]) == Array("a\nb\nc\n".utf8))
  }

  @Test("only root and the worker may connect")
  func peers() throws {
    let shim = try SystemShim()
    _ = try shim.connect()
    var status = stat()
    #expect(stat("\(shim.directory)/shim.sock", &status) == 0)
    #expect(status.st_uid == SystemShim.worker && status.st_mode & 0o777 == 0o600)
  }

  @Test(
    "a configuration that says anything odd is refused",
    arguments: ["AllowUids=alice", "AllowUids=5-1", "Nice=x", "LimitNOFILE=8K", "Surprise=1"])
  func configuration(line: String) throws {
    #expect(try SystemShim(configuration: line).exitStatus() == 78)
  }
}
