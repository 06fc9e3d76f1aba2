package import FlusterCore
import SwiftProtobuf

extension WireLaunch {
  /// The launch a payload holds. It was checked when it came in, so anything wrong with it now is
  /// damage, and internal.
  package init(stored payload: Payload) throws(Refusal) {
    do {
      try self.init(serializedBytes: payload.launch)
    } catch {
      throw Refusal(.internal, "the stored launch description of a job is damaged")
    }
  }

  /// Only what reasons not to start are about: arguments and limits may be many.
  package var subjects: WireLaunch {
    var launch = self
    launch.argv = Array(argv.prefix(1))
    launch.clearScript()
    launch.rlimits = []
    return launch
  }

  /// What a reason not to start is about, as it was given: the command, the directory, a file.
  package func subject(of reason: StartReason) -> [UInt8]? {
    switch reason {
    case .exec: argv.first?.array
    case .directory: directory.array
    case .stdin: hasStdin ? stdin.array : nil
    case .stdout: hasStdout ? stdout.array : nil
    case .stderr: hasStderr ? stderr.array : nil
    case .user, .cgroup, .limit, .log, .time, .process, .request, .address, .resource: nil
    }
  }

  /// The worker reads the output, line by line, and writes the log.
  package var isByLine: Bool { timestamps || journal }

  /// Refuses what no machine could start; fills in the usual log cap.
  mutating func check() throws(Refusal) {
    try checkArguments()
    try checkPaths()
    try checkRlimits()
    try checkEntries(self)
    try Limit.text(comment, to: Limit.sentence, "the comment")
    try checkNames(ports, "port")
    try checkNames(sockets, "socket")
    guard !isByLine || !hasStdout else {
      throw .invalid(
        "\(timestamps ? "timestamps" : "journal") is for output that is kept, and stdout is a file",
        wayOut: "leave out one of them")
    }
    guard umask <= Limit.umask else {
      throw .invalid("umask 0\(String(umask, radix: 8)) is above 0777")
    }
    guard Limit.nice.contains(nice) else {
      throw .invalid("nice \(nice) is not between -20 and 19")
    }
    guard logMaxBytes <= Limit.number else {
      throw .invalid("a log of \(logMaxBytes) bytes is above the limit of \(Limit.number)")
    }
    if logMaxBytes == 0 { logMaxBytes = Limit.usualLog }
  }

  private func checkArguments() throws(Refusal) {
    guard let command = argv.first, !command.isEmpty else {
      throw .invalid("argv names no command")
    }
    var total = 0
    for (place, argument) in argv.enumerated() {
      try Limit.bytes(argument.array, to: Limit.argv, "argv[\(place)]")
      total += argument.count + 1 + MemoryLayout<UInt64>.size
      guard total <= Limit.argv else {
        throw .invalid(
          "argv is longer than the limit of \(Limit.argv) bytes",
          wayOut: "pass the list in a file, or make the job an array")
      }
    }
  }

  private func checkPaths() throws(Refusal) {
    let directory = directory.array
    try Limit.bytes(directory, to: Limit.path, "directory")
    guard directory.first == UInt8(ascii: "/") else {
      let shown = Limit.quoted(String(decoding: directory, as: UTF8.self))
      throw .invalid("directory \(shown) is not an absolute path")
    }
    let files = [
      ("stdin", hasStdin, stdin), ("stdout", hasStdout, stdout), ("stderr", hasStderr, stderr),
    ]
    for (field, isSet, path) in files where isSet {
      try Limit.bytes(path.array, to: Limit.path, field)
      guard !path.isEmpty else { throw .invalid("the path of \(field) is empty") }
    }
  }

  /// Names become parts of variables, in upper case, and of paths.
  private func checkNames(_ names: [String], _ what: String) throws(Refusal) {
    guard names.count <= Limit.addresses else {
      throw .invalid("\(names.count) \(what)s are above the limit of \(Limit.addresses)")
    }
    var seen: Set<String> = []
    for name in names {
      let letters = name.utf8.map { $0 | 0x20 }
      let isName = letters.first.map { (0x61...0x7a).contains($0) } ?? false
      guard isName, name.utf8.count <= Limit.addressName,
        zip(name.utf8, letters).allSatisfy({ byte, letter in
          (0x61...0x7a).contains(letter) || (0x30...0x39).contains(byte) || byte == 0x5f
        })
      else {
        throw .invalid(
          "\(Limit.quoted(name)) is no name of a \(what)",
          wayOut: "it is a letter, then letters, digits and _, \(Limit.addressName) at most")
      }
      guard seen.insert(name.uppercased()).inserted else {
        throw .invalid("\(what) \(name) is asked for twice")
      }
    }
  }

  private func checkRlimits() throws(Refusal) {
    var seen: Set<String> = []
    for limit in rlimits {
      guard Limit.rlimits.contains(limit.name) else {
        throw .invalid(
          "there is no resource limit \(Limit.quoted(limit.name))",
          wayOut: "the limits are \(Limit.rlimits.sorted().joined(separator: " "))")
      }
      guard seen.insert(limit.name).inserted else {
        throw .invalid("resource limit \(limit.name) is given twice")
      }
      guard limit.soft <= limit.hard else {
        throw .invalid("resource limit \(limit.name) has a soft limit above its hard one")
      }
    }
  }
}

/// Refuses a script without a place among the arguments, and a place without a script.
func checkScript(_ size: Int, _ launch: WireLaunch) throws(Refusal) {
  guard launch.hasScript else {
    guard size == 0 else { throw .invalid("there is a script, and no place for it in argv") }
    return
  }
  guard size > 0 else { throw .invalid("the script is empty") }
  guard size <= Limit.script else {
    throw .invalid(
      "the script has \(size) bytes; the limit is \(Limit.script)",
      wayOut: "leave what it carries in files of their own, and submit what reads them")
  }
  guard launch.script.word > 0, launch.script.word < launch.argv.count else {
    throw .invalid("the script cannot stand in argv[\(launch.script.word)]")
  }
}

/// Refuses an environment that is not NAME=VALUE strings, each ended by a zero byte.
func checkEnvironment(_ bytes: [UInt8]) throws(Refusal) {
  guard bytes.count <= Limit.environment else {
    throw .invalid(
      "the environment has \(bytes.count) bytes; the limit is \(Limit.environment)",
      wayOut: "submit with fewer variables, as with --env=minimal")
  }
  guard bytes.last ?? 0 == 0 else {
    throw .invalid("the environment does not end with a zero byte")
  }
  var place = 0
  for entry in bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
  where !bytes.isEmpty {
    guard let sign = entry.firstIndex(of: UInt8(ascii: "=")), sign > entry.startIndex else {
      throw .invalid("entry \(place) of the environment is not NAME=VALUE")
    }
    place += 1
  }
}
