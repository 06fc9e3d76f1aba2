import FlusterSystem
import Glibc
import Testing

@Suite("starting a job")
struct StartTests {
  @Test("the exit code is the command's own", arguments: [("true", 0), ("false", 1)])
  func exitCode(command: String, code: UInt8) throws {
    let shim = try ShimFixture()
    let record = try shim.connect().run(shim.job(command))
    #expect(record.exitCode == code)
    #expect(record.signal == nil)
    #expect(!record.lost)
    #expect(record.startedNanoseconds > 0)
    #expect(record.endedNanoseconds >= record.startedNanoseconds)
    #expect(record.endedWall >= record.startedWall)
    #expect(record.userMicroseconds != nil)
    #expect((record.maximumResidentBytes ?? 0) > 0)
  }

  @Test("exit 7 is 7, and a signal is that signal")
  func statuses() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    #expect(try connection.run(shim.job("sh", "-c", "exit 7")).exitCode == 7)
    let killed = try connection.run(shim.job("sh", "-c", "kill -9 $$"))
    #expect(killed.signal == 9)
    #expect(killed.exitCode == nil)
  }

  @Test("a command that is not there, or not executable, is told by its errno")
  func commands() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    #expect(try connection.refusal(shim.job("no-such-command")) == [1, ENOENT])
    #expect(try connection.refusal(shim.job("")) == [1, ENOENT])
    #expect(try connection.refusal(shim.job("\(shim.directory)/none")) == [1, ENOENT])
    run("sh", "-c", "echo 'exit 0' >\(shim.directory)/plain")
    #expect(try connection.refusal(shim.job("\(shim.directory)/plain")) == [1, EACCES])
    var denied = shim.job("plain")
    denied.environment = [Array("PATH=/nonexistent:\(shim.directory):/usr/bin".utf8)]
    #expect(try connection.refusal(denied) == [1, EACCES])
    chmod("\(shim.directory)/plain", 0o755)
    #expect(try connection.refusal(shim.job("\(shim.directory)/plain")) == [1, ENOEXEC])
  }

  @Test("a missing directory is told as such")
  func directory() throws {
    let shim = try ShimFixture()
    var spawn = shim.job("true")
    spawn.directory = Array("\(shim.directory)/gone".utf8)
    #expect(try shim.connect().refusal(spawn) == [2, ENOENT])
  }

  @Test("files that cannot be opened are told one by one")
  func files() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    var input = shim.job("true")
    input.input = .path(Array("missing".utf8))
    #expect(try connection.refusal(input) == [6, ENOENT])
    var output = shim.job("true")
    output.output = .path(Array("gone/out".utf8))
    #expect(try connection.refusal(output) == [7, ENOENT])
    output.uid = Entropy.bytes(16)
    output.output = .path(Array(shim.directory.utf8))
    #expect(try connection.refusal(output) == [7, EISDIR])
    var errors = shim.job("true")
    errors.errors = .path(Array("gone/err".utf8))
    #expect(try connection.refusal(errors) == [8, ENOENT])
  }

  @Test("a FIFO that nobody reads holds nobody up")
  func fifo() throws {
    let shim = try ShimFixture()
    #expect(mkfifo("\(shim.directory)/fifo", 0o666) == 0)
    var spawn = shim.job("true")
    spawn.output = .path(Array("fifo".utf8))
    let begin = Clock.monotonicNanoseconds()
    #expect(try shim.connect().refusal(spawn) == [7, ENXIO])
    #expect(Clock.monotonicNanoseconds() - begin < 5_000_000_000)
  }

  @Test("a kept log has the output, and is handed over open for reading and writing")
  func log() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    var spawn = shim.job("sh", "-c", "echo out; echo err >&2; read x")
    #expect(mkfifo("\(shim.directory)/fifo", 0o666) == 0)
    // Open at both ends, so that the job's read waits.
    let fifo = Descriptor(adopting: open("\(shim.directory)/fifo", O_RDWR))
    spawn.input = .path(Array("fifo".utf8))
    spawn.output = .kept
    try connection.ask(.spawn(spawn))
    let log = try connection.first { notice, descriptors in
      notice == .log(uid: spawn.uid, errors: false) ? descriptors.first : nil
    }
    #expect(fcntl(log.raw, F_GETFL) & O_ACCMODE == O_RDWR)
    let path = "\(shim.logs)/\(ShimSpawn.logName(of: spawn.uid, errors: false))"
    try eventually("the output") { contents(path) == "out\nerr\n" }
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o640)
    #expect(write(fifo.raw, "x\n", 2) == 2)
    _ = try connection.end(of: spawn.uid)
    try connection.ask(.openLog(uid: spawn.uid, errors: false))
    _ = try connection.first { notice, descriptors in
      notice == .log(uid: spawn.uid, errors: false) ? descriptors.first : nil
    }
    try connection.ask(.openLog(uid: spawn.uid, errors: true))
    #expect(try connection.next().0 == .unknown(uid: spawn.uid))
  }

  @Test("piped output is handed over with the log, again in a list, and until it is acknowledged")
  func piped() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    var spawn = shim.job("sh", "-c", "echo out; echo err >&2; echo more >>/dev/stdout")
    (spawn.output, spawn.errors) = (.piped, .piped)
    spawn.ledger = [1, 2, 3]
    let notice = ShimNotice.output(uid: spawn.uid, errors: true)
    try connection.ask(.spawn(spawn))
    let first = try connection.first { $0 == notice ? $1 : nil }
    _ = try connection.end(of: spawn.uid)
    try connection.ask(.list)
    var listed: [ShimNotice] = []
    let again = try connection.first { found, descriptors in
      listed.append(found)
      return found == notice ? descriptors : nil
    }
    #expect(listed == [.log(uid: spawn.uid, errors: false), notice])
    guard case .ended = try connection.next().0 else { throw Unexpected("no end behind it") }
    for descriptors in [first, again] { #expect(descriptors.count == 5) }
    var ledger: [UInt8] = [0, 0, 0, 0]
    #expect(pread(again[0].raw, &ledger, 4, 0) == 3 && ledger == [1, 2, 3, 0])
    #expect(try Pipe.pending(in: again[1]) == 0)
    #expect(try Pipe.take(9, from: again[3]) == Array("out\nmore\n".utf8))
    #expect(try Pipe.take(4, from: again[4]) == Array("err\n".utf8))
    #expect(try Pipe.move(from: again[3], to: again[2], limit: 1) == .end)
    #expect(contents("\(shim.logs)/\(ShimSpawn.logName(of: spawn.uid, errors: false))").isEmpty)
    #expect(try connection.next().0 == .listEnd)
    try connection.ask(.acknowledge(uid: spawn.uid))
    #expect(try connection.list().isEmpty)
  }

  @Test("a piped job that never started leaves nothing, and no other stream can be piped")
  func notPiped() throws {
    let shim = try ShimFixture()
    let connection = try shim.connect()
    var spawn = shim.job("no-such-command")
    spawn.output = .piped
    #expect(try connection.refusal(spawn) == [1, ENOENT])
    #expect(try Files.names(in: shim.logs).isEmpty)
    #expect(try connection.list().count == 1)
    spawn = shim.job("true")
    spawn.tag = ShimWire.noTag
    spawn.errors = .piped
    #expect(try connection.refusal(spawn)[0] == 12)
  }

  @Test("a job that never started leaves no log")
  func noLog() throws {
    let shim = try ShimFixture()
    var spawn = shim.job("no-such-command")
    spawn.output = .kept
    spawn.errors = .kept
    let connection = try shim.connect()
    #expect(try connection.refusal(spawn) == [1, ENOENT])
    #expect(try Files.names(in: shim.logs).isEmpty)
    let planted = "\(shim.logs)/\(ShimSpawn.logName(of: spawn.uid, errors: false))"
    close(open(planted, O_WRONLY | O_CREAT, 0o640))
    try connection.ask(.openLog(uid: spawn.uid, errors: false))
    #expect(try connection.next().0 == .unknown(uid: spawn.uid))
  }
}
