package import FlusterClient
import FlusterCore
package import FlusterProtocol

extension SubmitCommand {
  /// What the options and the caller's surroundings ask for, and what the caller should know of it.
  ///
  /// With `script`, if what is run is one, and `entries`, if there is a task for each. Throws usage
  /// for whatever is malformed.
  package func request(
    of caller: Caller, _ script: SubmittedScript? = nil, _ entries: EntryList? = nil
  ) throws(Failure) -> (WireJobRequest, notices: [String]) {
    var job = WireJobRequest()
    let argv = try argv(of: caller, script)
    job.name = try name(for: argv.words, script)
    if let once = try identity.once() { job.once = once }
    if let entries {
      job.array = try ArrayArgument.parse(many.array, lines: entries.count)
    } else if let array = many.array {
      job.array = try ArrayArgument.parse(array)
    }
    job.needs = try wireNeeds()
    try setEnding(of: &job)
    job.held = asking.hold
    job.endChildren = tree.endChildren
    let options = try options()
    if options != WireOptions() { job.options = options }
    try checkWarning(of: job)
    job.launch = try launch(argv.words, of: caller)
    job.launch.comment = identity.comment ?? ""
    if let script {
      job.script = .of(script.bytes)
      job.launch.script.word = UInt32(argv.place)
      job.launch.script.bytes = UInt64(script.bytes.count)
    }
    if let entries {
      job.launch.entries.bytes = entries.bytes
      job.launch.entries.hash = .of(entries.hash)
      job.launch.entries.firstWord = UInt32(firstReplaced(in: argv))
    }
    var environment = try CapturedEnvironment(
      of: caller.environment, extent: try extent(), named: surroundings.variable)
    if surroundings.directory != nil, environment.holds("PWD") {
      environment.set("PWD", job.launch.directory.array)
    }
    job.environment = .of(environment.block)
    var notices: [String] = []
    if entries != nil, let notice = entryNotice(argv.words, script) { notices.append(notice) }
    let withheld = environment.withheld
    guard let first = withheld.first else { return (job, notices) }
    let notice =
      "not passed on, because they look like secrets: \(withheld.joined(separator: " "))"
      + " (to pass one: -e \(first))"
    return (job, notices + [notice])
  }

  /// From which word on {} is the entry: never in a line that a shell would read, where what is in
  /// the list would be commands.
  private func firstReplaced(in argv: (words: [[UInt8]], place: Int)) -> Int {
    if many.line != nil { return argv.words.count }
    // The place of the script; 0: a command, all of it.
    return argv.place == 0 ? 0 : argv.place + 1
  }

  /// What somebody may have expected of {}, who did not write it where it counts.
  private func entryNotice(_ words: [[UInt8]], _ script: SubmittedScript?) -> String? {
    let text = words.map { String(decoding: $0, as: UTF8.self) }
    if let line = many.line {
      return line.contains("{}") && !line.contains("FLUSTER_ENTRY")
        ? "{} stays as it is in the line of -c; the entry is in \"$FLUSTER_ENTRY\"" : nil
    }
    let names = ["{}", "FLUSTER_ENTRY"]
    let isNamed = text.contains { word in names.contains { word.contains($0) } }
    guard script == nil, !isNamed else { return nil }
    return "no word of the command has {} for the entry; it is in FLUSTER_ENTRY alone"
  }

  /// Throws usage for an option whose value is wrong by itself.
  func checkValues() throws(Failure) {
    var job = WireJobRequest()
    if let array = many.array, !array.hasPrefix("%") { _ = try ArrayArgument.parse(array) }
    _ = try wireNeeds()
    _ = try options()
    try setEnding(of: &job)
    let caller = try Caller.current(command: [], given: "/")
    _ = try launch([], of: caller)
    _ = try extent()
  }

  private func extent() throws(Failure) -> CapturedEnvironment.Extent {
    if let extent = CapturedEnvironment.Extent(rawValue: surroundings.extent) { return extent }
    throw .usage("--env takes all, minimal or none, not \"\(surroundings.extent)\"")
  }

  private func argv(
    of caller: Caller, _ script: SubmittedScript?
  ) throws(Failure) -> (words: [[UInt8]], place: Int) {
    if let script { return script.argv(caller.command.suffix(try scriptArguments())) }
    let command = try CommandWords.command(in: words)
    if let line = many.line {
      guard command.isEmpty else {
        throw .usage(
          "-c takes one line; quote it: \"\(command.joined(separator: " "))\" is left over")
      }
      guard !line.isEmpty else { throw .usage("-c: the line is empty") }
      return (["/bin/sh", "-c", line].map { Array($0.utf8) }, 0)
    }
    guard let first = command.first else { throw CommandWords.missing() }
    guard !first.isEmpty else { throw .usage("the command is empty") }
    return (Array(caller.command.suffix(command.count)), 0)
  }

  private func name(
    for argv: [[UInt8]], _ script: SubmittedScript?
  ) throws(Failure) -> String {
    if let name = many.name {
      guard !name.isEmpty else { throw .usage("-n: the name is empty") }
      return name
    }
    let word: String
    if let line = many.line {
      word = String(line.split { $0.isWhitespace }.first ?? "sh")
    } else if let script {
      word = script.name
    } else {
      word = String(decoding: argv.first ?? [], as: UTF8.self)
    }
    let base = word.split(separator: "/").last.map(String.init) ?? word
    // Kept and shown on terminals, so flusterd takes neither control characters nor long names.
    let shown = base.unicodeScalars.filter { $0.properties.generalCategory != .control }
    var name = ""
    for scalar in shown where name.utf8.count + 4 <= Limit.name {
      name.unicodeScalars.append(scalar)
    }
    return name.isEmpty ? "job" : name
  }

  private func wireNeeds() throws(Failure) -> WireNeeds {
    var wire = WireNeeds()
    wire.cpuMillis = 1000
    if let cpus = needs.cpus {
      wire.cpuMillis = try QuantityArgument.cpuMillis("--cpus", cpus)
      guard wire.cpuMillis > 0 else { throw .usage("--cpus: a task needs some cpu, 0.001 or more") }
    }
    if let mem = needs.mem {
      wire.memoryBytes = try QuantityArgument.bytes("--mem", mem)
      guard wire.memoryBytes > 0 else {
        throw .usage("--mem: a task cannot run without memory", wayOut: "leave it out for no limit")
      }
    }
    for word in needs.resource {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw .usage("-r: \"\(word)\" is not NAME=N", wayOut: "write, for example, -r licence=2")
      }
      var amount = WireAmount()
      amount.name = String(parts[0])
      amount.count = try QuantityArgument.count(
        "-r \(parts[0])", String(parts[1]), in: 0...UInt64(Int64.max))
      wire.resources.append(amount)
    }
    if let gpus = needs.gpus {
      guard !wire.resources.contains(where: { $0.name == "gpu" }) else {
        throw .usage("--gpus and -r gpu= are the same, and both are given")
      }
      var amount = WireAmount()
      amount.name = "gpu"
      amount.count = try QuantityArgument.count("--gpus", gpus, in: 0...UInt64(UInt32.max))
      wire.resources.append(amount)
    }
    wire.constraints = try constraints()
    return wire
  }

  private func setEnding(of job: inout WireJobRequest) throws(Failure) {
    job.retriesLost = 100
    job.graceMs = 5000
    if let time = ending.time {
      job.timeLimitMs = try QuantityArgument.span("--time", time).milliseconds
      guard job.timeLimitMs > 0 else {
        throw .usage(
          "--time: a limit of 0 would end it at once", wayOut: "leave it out for no limit")
      }
    }
    if let grace = ending.grace {
      job.graceMs = try QuantityArgument.span("--grace", grace).milliseconds
    }
    let most = Limit.retries
    if let retries = ending.retries {
      job.retries = try QuantityArgument.count("--retries", retries, in: 0...most)
    }
    if let lost = ending.retriesLost {
      job.retriesLost = try QuantityArgument.count("--retries-lost", lost, in: 0...most)
    }
  }

  private func launch(_ argv: [[UInt8]], of caller: Caller) throws(Failure) -> WireLaunch {
    var launch = WireLaunch()
    launch.argv = argv.map { .of($0) }
    launch.directory = .of(try directory(of: caller))
    launch.umask = caller.umask
    if let umask = surroundings.umask {
      guard SelectorArgument.isNumber(umask), let mask = UInt32(umask, radix: 8), mask <= 0o777
      else { throw .usage("--umask: \"\(umask)\" is no octal mask", wayOut: "write 022 or 077") }
      launch.umask = mask
    }
    launch.nice = caller.nice
    if let nice = surroundings.nice {
      launch.nice = try QuantityArgument.count("--nice", nice, in: Int32(-20)...19)
    }
    launch.ports = needs.port
    launch.sockets = needs.sock
    launch.rlimits = caller.rlimits
    for word in surroundings.rlimit { try RlimitArgument.apply(word, to: &launch.rlimits) }
    if let stdin = try file("--stdin", output.stdin) { launch.stdin = .of(stdin) }
    if let stdout = try file("-o", output.stdout) { launch.stdout = .of(stdout) }
    if let stderr = try file("-E", output.stderr) { launch.stderr = .of(stderr) }
    (launch.timestamps, launch.journal) = (output.timestamps, output.journal)
    if launch.isByLine, launch.hasStdout {
      throw .usage(
        "\(launch.timestamps ? "--timestamps" : "--journal") is for output that is kept, and -o "
          + "sends it to a file", wayOut: "leave out -o; -E may stay")
    }
    launch.logMaxBytes = Limit.usualLog
    if let logMax = output.logMax {
      launch.logMaxBytes = try QuantityArgument.bytes("--log-max", logMax)
      guard launch.logMaxBytes > 0 else { throw .usage("--log-max: a log needs some room") }
    }
    return launch
  }

  private func directory(of caller: Caller) throws(Failure) -> [UInt8] {
    guard let given = surroundings.directory else { return caller.directory }
    guard !given.isEmpty else { throw .usage("-C: the directory is empty") }
    if given.hasPrefix("/") { return Array(given.utf8) }
    let base = caller.directory == [UInt8(ascii: "/")] ? [] : caller.directory
    return base + Array("/\(given)".utf8)
  }

  /// A path that may hold patterns; the worker fills them in.
  private func file(_ option: String, _ path: String?) throws(Failure) -> [UInt8]? {
    guard let path else { return nil }
    guard !path.isEmpty else { throw .usage("\(option): the file is empty") }
    var rest = path[...]
    while let sign = rest.firstIndex(of: "%") {
      let letter = rest[rest.index(after: sign)...].first
      guard let letter, "jtanu%".contains(letter) else {
        throw .usage(
          "\(option): \"%\(letter.map(String.init) ?? "")\" is no pattern",
          wayOut:
            "the patterns are %j job, %t task, %a attempt, %n name, %u user, %% a percent sign")
      }
      rest = rest[rest.index(sign, offsetBy: 2)...]
    }
    return Array(path.utf8)
  }
}
