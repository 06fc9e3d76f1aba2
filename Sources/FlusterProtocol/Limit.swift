import FlusterCore

/// What may come through the door. Every limit refuses; none cuts off what a user asked for.
package enum Limit {
  /// Bytes of a job's name: what a file name may have, so that a name can be part of one.
  package static let name = 255
  /// Bytes of argv with its zero bytes and pointers: what the kernel gives a process by default
  /// (a quarter of an 8 MiB stack), so that what is accepted can also be executed.
  package static let argv = 2 << 20
  /// Bytes of the environment, for the same reason.
  package static let environment = 2 << 20
  /// Bytes of a path: PATH_MAX without its zero byte.
  package static let path = 4095
  /// Different resources of one job or worker; each is compared in every scheduling pass.
  package static let resources = 64
  /// Bytes of a resource's, attribute's or limit's name.
  package static let word = 64
  /// Bytes of a worker's id: the longest host name there is, or a file name.
  package static let workerID = 255
  /// Constraints of one job, and values of one constraint; each is compared with every worker.
  package static let constraints = 32
  package static let values = 64
  /// Bytes of all constraints of one job: each job that waits has them in memory, and each row of a
  /// listing in its frame.
  package static let constraintBytes = 8 << 10
  /// Bytes of a worker's address: the addresses of the largest gang, with a blank between them, are
  /// just short enough for one variable of an environment.
  package static let address = 128
  /// More than people need to order their jobs, and short enough to be read.
  package static let priorities: ClosedRange<Int32> = -1_000_000...1_000_000
  /// Attributes of one worker.
  package static let attributes = 64
  /// Bytes of a reason or sentence that is kept and shown.
  package static let sentence = 1024
  /// Bytes of a shell pattern over names.
  package static let pattern = 1024
  /// Selectors in one request; a client with more asks several times.
  package static let selectors = 100_000
  /// Names and keys among them: a name is compared with every job of the caller, and for a key the
  /// store is asked, where an id is looked up.
  package static let patterns = 100
  /// Bytes of a launch description, with fields that this build does not know: room for as much
  /// again as half of argv. Several launches must fit into a frame to a worker.
  package static let launch = 3 << 20
  /// Bytes of a script: with the largest launch and environment it fits into a frame to a worker
  /// that has been filled up to its usual size.
  package static let script = 4 << 20
  /// Bytes of an entry: with the name of its variable it is just short enough for an environment.
  package static let entry = (128 << 10) - 16
  /// Bytes of all entries of one job, which are stored in one transaction.
  package static let entries = 256 << 20
  /// Bytes of a message with entries, which is hashed at once; a longer entry goes by itself.
  package static let entriesAtOnce = 64 << 10
  /// Observations and attempts in one message of a worker: more than one machine can run.
  package static let observations = 100_000
  /// Thousandths of a processor: a million processors, more than any machine has.
  package static let cpuMillis: UInt64 = 1_000_000_000
  /// Bytes, counts: what SQLite's signed column can hold.
  package static let number = UInt64(Int64.max)
  /// Milliseconds of a time limit or grace: a hundred years, so that nanoseconds still fit 64 bits.
  package static let span: UInt64 = 100 * 36525 * 864_000
  /// Retries of each kind: failures and losses together stay below a 32-bit attempt number.
  package static let retries: UInt32 = 1_000_000_000
  /// Ports of one task, and sockets.
  package static let addresses = 64
  /// Bytes of the name of a port or socket: with it a socket's path must not become too long.
  package static let addressName = 32
  /// Permission bits.
  package static let umask: UInt32 = 0o777
  /// What setpriority(2) knows.
  package static let nice: ClosedRange<Int32> = -20...19
  /// Processes and threads of an attempt: as many as the largest kernel has.
  package static let processes: ClosedRange<UInt64> = 1...4_194_304
  /// What kill(2) and waitpid(2) can tell apart.
  package static let signals: ClosedRange<UInt32> = 1...127
  /// The cap of a kept log where a submit names none.
  package static let usualLog: UInt64 = 100 << 20
  /// The names of setrlimit(2), without the prefix, in lower case.
  package static let rlimits: Set<String> = [
    "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile",
    "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
  ]
  /// Names of needs that have a field of their own, or are spelt like an option that sets it.
  package static let reservedResources: Set<String> = ["cpu", "cpus", "mem", "memory"]

  /// A signal's number, for `field`.
  static func signal(_ number: UInt32) throws(Refusal) -> UInt8 {
    guard signals.contains(number), let signal = UInt8(exactly: number) else {
      throw .invalid("there is no signal number \(number)")
    }
    return signal
  }

  /// A limit of processes and threads.
  static func processes(_ count: UInt64) throws(Refusal) -> UInt64 {
    guard processes.contains(count) else {
      throw .invalid(
        "\(count) processes are no limit between \(processes.lowerBound) and "
          + "\(processes.upperBound)")
    }
    return count
  }

  /// A length of time within the limit.
  static func span(_ milliseconds: UInt64, _ field: String) throws(Refusal) -> Span {
    guard milliseconds <= span else {
      let day: UInt64 = 86_400_000
      throw .invalid("\(field) of \(milliseconds / day)d is above the limit of \(span / day)d")
    }
    return Span(milliseconds: milliseconds)
  }

  /// How long an attempt may run.
  static func timeLimit(_ milliseconds: UInt64) throws(Refusal) -> Span {
    guard milliseconds > 0 else {
      throw .invalid("a time limit of 0 would end every attempt at once", wayOut: "leave it out")
    }
    return try span(milliseconds, "a time limit")
  }

  /// Bytes that a task needs.
  static func memory(_ bytes: UInt64) throws(Refusal) -> UInt64 {
    guard bytes <= number else {
      throw .invalid("\(bytes) bytes of memory are above the limit of \(number)")
    }
    guard bytes > 0 else {
      throw .invalid("a job cannot run in 0 bytes of memory", wayOut: "leave memory out")
    }
    return bytes
  }

  /// A time between 1970 and the year 10000, which people can read.
  static func time(_ milliseconds: Int64, _ field: String) throws(Refusal) -> WallTime {
    guard (0..<253_402_300_800_000).contains(milliseconds) else {
      throw .invalid("\(field) is not between 1970 and the year 10000")
    }
    return WallTime(milliseconds: milliseconds)
  }

  /// What a worker's clock says, brought between the same bounds: an end must be taken whatever the
  /// clock was, and who shows it subtracts.
  static func nearest(_ milliseconds: Int64) -> WallTime {
    WallTime(milliseconds: min(max(milliseconds, 0), 253_402_300_799_999))
  }

  /// Text that is kept and shown on other people's terminals: no control characters, no newlines.
  static func text(_ text: String, to limit: Int, _ field: String) throws(Refusal) {
    guard text.utf8.count <= limit else {
      throw .invalid("\(field) has \(text.utf8.count) bytes; the limit is \(limit)")
    }
    guard !text.unicodeScalars.contains(where: isControl) else {
      throw .invalid("\(field) contains a control character or a newline")
    }
  }

  /// An identifier: letters, digits, and `._-` after a letter or digit.
  static func word(_ word: String, to limit: Int, _ field: String) throws(Refusal) {
    guard word.utf8.count <= limit else {
      throw .invalid("\(field) has \(word.utf8.count) bytes; the limit is \(limit)")
    }
    guard let first = word.utf8.first, isAlphanumeric(first),
      word.utf8.allSatisfy({ isAlphanumeric($0) || "._-".utf8.contains($0) })
    else {
      throw .invalid(
        "\(field) \(quoted(word)) is not a name",
        wayOut: "a name is made of letters, digits and . _ - and begins with a letter or digit")
    }
  }

  /// The bytes of a path or argument: not too many, and no zero among them.
  static func bytes(_ bytes: [UInt8], to limit: Int, _ field: String) throws(Refusal) {
    guard bytes.count <= limit else {
      throw .invalid("\(field) has \(bytes.count) bytes; the limit is \(limit)")
    }
    guard !bytes.contains(0) else { throw .invalid("\(field) contains a zero byte") }
  }

  /// 16 bytes of chance: a token, an attempt's uid, an incarnation.
  static func uid(_ bytes: [UInt8], _ field: String) throws(Refusal) -> AttemptUID {
    guard let uid = AttemptUID(bytes: bytes) else {
      throw .invalid("\(field) has \(bytes.count) bytes instead of 16")
    }
    return uid
  }

  /// Text of a daemon that must be taken whatever it says: control characters become spaces, and
  /// what is over the limit goes, at the edge of a character.
  static func cleaned(_ text: String, to limit: Int) -> String {
    var result = String.UnicodeScalarView()
    var length = 0
    for scalar in text.unicodeScalars {
      let shown = isControl(scalar) ? " " : scalar
      length += UTF8.width(shown)
      guard length <= limit else { break }
      result.append(shown)
    }
    return String(result)
  }

  /// For a message: cleaned, and short enough for one line.
  static func quoted(_ text: String) -> String { "\"\(cleaned(text, to: 80))\"" }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    case _: false
    }
  }

  /// Unicode promises that there will be no others; to ask it each time takes a hundred times as
  /// long.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f...0x9f, 0x2028, 0x2029: true
    case _: false
    }
  }
}
