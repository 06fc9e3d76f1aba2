import FlusterClient

/// A well-formed command line without the parser, which takes as long as all the rest of a submit
/// together: 3 of 6 milliseconds. Whatever is not plain is left to the parser and its messages.
extension SubmitCommand {
  /// The options that take a value, and where it goes.
  static let values: [String: @Sendable (inout SubmitCommand, String) -> Void] = [
    "-c": { $0.many.line = $1 },
    "-s": { $0.many.script = $1 },
    "-n": { $0.many.name = $1 },
    "-a": { $0.many.array = $1 },
    "--each-line": { $0.many.eachLine = $1 },
    "-k": { $0.identity.key = $1 },
    "--key": { $0.identity.key = $1 },
    "--key-scope": { $0.identity.keyScope = $1 },
    "--if-exists": { $0.identity.ifExists = $1 },
    "--comment": { $0.identity.comment = $1 },
    "--gpus": { $0.needs.gpus = $1 },
    "--cpus": { $0.needs.cpus = $1 },
    "--mem": { $0.needs.mem = $1 },
    "--pids": { $0.needs.pids = $1 },
    "-r": { $0.needs.resource.append($1) },
    "--port": { $0.needs.port.append($1) },
    "--sock": { $0.needs.sock.append($1) },
    "--constraint": { $0.needs.constraint.append($1) },
    "--prefer": { $0.needs.prefer.append($1) },
    "--band": { $0.order.band = $1 },
    "--priority": { $0.order.priority = $1 },
    "--schedule-timeout": { $0.order.scheduleTimeout = $1 },
    "--begin": { $0.order.begin = $1 },
    "--deadline": { $0.order.deadline = $1 },
    "--after": { $0.order.after.append($1) },
    "--after-ok": { $0.order.afterOk.append($1) },
    "--after-fail": { $0.order.afterFail.append($1) },
    "--group-by": { $0.order.groupBy = $1 },
    "--backoff": { $0.ending.backoff = $1 },
    "--max-failures": { $0.ending.maxFailures = $1 },
    "--ok-status": { $0.ending.okStatus = $1 },
    "--no-retry-status": { $0.ending.noRetryStatus = $1 },
    "--time": { $0.ending.time = $1 },
    "--grace": { $0.ending.grace = $1 },
    "--warn": { $0.ending.warn = $1 },
    "--retries": { $0.ending.retries = $1 },
    "--retries-lost": { $0.ending.retriesLost = $1 },
    "-e": { $0.surroundings.variable.append($1) },
    "--env": { $0.surroundings.extent = $1 },
    "-C": { $0.surroundings.directory = $1 },
    "--umask": { $0.surroundings.umask = $1 },
    "--rlimit": { $0.surroundings.rlimit.append($1) },
    "--nice": { $0.surroundings.nice = $1 },
    "-o": { $0.output.stdout = $1 },
    "-E": { $0.output.stderr = $1 },
    "--log-max": { $0.output.logMax = $1 },
    "--stdin": { $0.output.stdin = $1 },
    "--token": { $0.asking.token = $1 },
    "--socket": { $0.shared.socket = $1 },
  ]

  /// The options that are there or not.
  static let flags: [String: @Sendable (inout SubmitCommand) -> Void] = [
    "--detach": { $0.tree.detach = true },
    "--end-children": { $0.tree.endChildren = true },
    "--gang": { $0.order.gang = true },
    "--one-per-worker": { $0.order.onePerWorker = true },
    "--timestamps": { $0.output.timestamps = true },
    "--journal": { $0.output.journal = true },
    "--hold": { $0.asking.hold = true },
    "--wait": { $0.asking.wait = true },
    "--dry-run": { $0.asking.dryRun = true },
    "-q": { $0.shared.talk.quiet = true },
    "-v": { $0.shared.talk.verbose = true },
  ]

  package static func quick(_ arguments: [String]) -> SubmitCommand? {
    quick(arguments) { _ in false }
  }

  /// The same with flags of another command among the options: `takes` is told each unknown one,
  /// and returns whether it is known there.
  static func quick(_ arguments: [String], _ takes: (String) -> Bool) -> SubmitCommand? {
    var command = SubmitCommand.unset
    var rest = arguments[...]
    while let word = rest.first, word.hasPrefix("-"), word != "--", word != "-" {
      rest = rest.dropFirst()
      if let set = flags[word] {
        set(&command)
      } else if let set = values[word] {
        guard let value = rest.popFirst(), value != "--" else { return nil }
        set(&command, value)
      } else if word.hasPrefix("--"), let sign = word.firstIndex(of: "="),
        let set = values[String(word[..<sign])]
      {
        set(&command, String(word[word.index(after: sign)...]))
      } else if !takes(word) {
        return nil
      }
    }
    command.words = Array(rest)
    return command
  }

  /// Every option at its default, as after parsing an empty command line: until they are set, the
  /// parser's properties cannot be read.
  private static var unset: SubmitCommand {
    var command = SubmitCommand()
    command.many = SubmitOptions.Many()
    (command.many.line, command.many.name, command.many.array) = (nil, nil, nil)
    (command.many.script, command.many.eachLine) = (nil, nil)
    command.identity = SubmitOptions.Identity()
    (command.identity.key, command.identity.keyScope) = (nil, nil)
    command.identity.ifExists = nil
    command.needs = SubmitOptions.Needs()
    (command.needs.cpus, command.needs.mem, command.needs.gpus) = (nil, nil, nil)
    (command.needs.resource, command.identity.comment) = ([], nil)
    (command.needs.port, command.needs.sock) = ([], [])
    command.needs.pids = nil
    (command.needs.constraint, command.needs.prefer) = ([], [])
    command.order = SubmitOptions.Order()
    (command.order.band, command.order.priority) = (nil, nil)
    (command.order.scheduleTimeout, command.order.groupBy) = (nil, nil)
    (command.order.gang, command.order.onePerWorker) = (false, false)
    (command.order.begin, command.order.deadline) = (nil, nil)
    (command.order.after, command.order.afterOk, command.order.afterFail) = ([], [], [])
    command.ending = SubmitOptions.Ending()
    (command.ending.time, command.ending.grace) = (nil, nil)
    command.ending.warn = nil
    (command.ending.retries, command.ending.retriesLost) = (nil, nil)
    (command.ending.backoff, command.ending.maxFailures) = (nil, nil)
    (command.ending.okStatus, command.ending.noRetryStatus) = (nil, nil)
    command.surroundings = SubmitOptions.Surroundings()
    (command.surroundings.variable, command.surroundings.extent) = ([], "all")
    (command.surroundings.directory, command.surroundings.umask) = (nil, nil)
    (command.surroundings.rlimit, command.surroundings.nice) = ([], nil)
    command.output = SubmitOptions.Output()
    (command.output.stdout, command.output.stderr) = (nil, nil)
    (command.output.logMax, command.output.stdin) = (nil, nil)
    (command.output.timestamps, command.output.journal) = (false, false)
    command.tree = SubmitOptions.Tree()
    (command.tree.detach, command.tree.endChildren) = (false, false)
    command.asking = SubmitOptions.Asking()
    (command.asking.hold, command.asking.wait, command.asking.dryRun) = (false, false, false)
    command.asking.token = nil
    command.shared = .unset
    command.words = []
    return command
  }
}
