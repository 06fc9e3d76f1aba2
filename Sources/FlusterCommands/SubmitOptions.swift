import ArgumentParser
import FlusterClient
import FlusterCore
import FlusterProtocol

/// The options of fluster-submit as they stand on the command line, unread: `SubmitCommand+Request`
/// gives them their meaning, and their errors our form.
enum SubmitOptions {
  /// What is run, how often, and under which name.
  struct Many: ParsableArguments {
    @Option(
      name: .customShort("c", allowingJoined: true), parsing: .unconditional,
      help: ArgumentHelp("A line for /bin/sh instead of a command.", valueName: "line"))
    var line: String?

    @Option(
      name: .customShort("s", allowingJoined: true), parsing: .unconditional,
      help: ArgumentHelp(
        "A script instead of a command, copied now; - is standard input.", valueName: "file"))
    var script: String?

    @Option(
      name: .customShort("n", allowingJoined: true), parsing: .unconditional,
      help: ArgumentHelp("The job's name (the command's).", valueName: "name"))
    var name: String?

    @Option(
      name: .customShort("a", allowingJoined: true), parsing: .unconditional,
      help: ArgumentHelp(
        "An array: one task for each index, N at once.", valueName: "first-last[:step][%n]"))
    var array: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "One task a line, which is {} in the command; - is standard input.", valueName: "file"))
    var eachLine: String?
  }

  /// Which jobs are the same.
  struct Identity: ParsableArguments {
    @Option(
      name: [.customShort("k", allowingJoined: true), .customLong("key")], parsing: .unconditional,
      help: ArgumentHelp("Submit it once under this key.", valueName: "key"))
    var key: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Which jobs have the key (ever).", valueName: "ever|live"))
    var keyScope: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("If a job has the key (return).", valueName: "return|fail|replace"))
    var ifExists: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Something to remember of it.", valueName: "text"))
    var comment: String?

    /// The key and how it is taken; nil for none. Throws usage for what is malformed.
    func once() throws(Failure) -> WireOnce? {
      guard let key else {
        guard keyScope == nil, ifExists == nil else {
          throw .usage(
            "\(keyScope == nil ? "--if-exists" : "--key-scope") is about a key, and there is none",
            wayOut: "name one with -k")
        }
        return nil
      }
      guard !key.isEmpty else { throw .usage("-k: the key is empty") }
      let scope = keyScope ?? Once.Scope.ever.rawValue
      guard let scope = Once.Scope(rawValue: scope) else {
        throw .usage("--key-scope takes ever or live, not \"\(scope)\"")
      }
      let ifExists = ifExists ?? Once.IfExists.return.rawValue
      guard let ifExists = Once.IfExists(rawValue: ifExists) else {
        throw .usage("--if-exists takes return, fail or replace, not \"\(ifExists)\"")
      }
      return WireOnce(key: key, Once(scope: scope, ifExists: ifExists))
    }
  }

  /// What a task needs.
  struct Needs: ParsableArguments {
    @Option(
      parsing: .unconditional, help: ArgumentHelp("Processors (1).", valueName: "number"))
    var cpus: String?

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Memory, enforced.", valueName: "size"))
    var mem: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("GPUs: so many of what the worker counts as gpu.", valueName: "n"))
    var gpus: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("At most so many processes and threads, enforced.", valueName: "n"))
    var pids: String?

    @Option(
      name: .customShort("r", allowingJoined: true), parsing: .unconditionalSingleValue,
      help: ArgumentHelp("So many of what the worker counts as NAME.", valueName: "name=n"))
    var resource: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "Only workers whose attribute is so.", valueName: "key op value"))
    var constraint: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "Workers whose attribute is so, if they would do.", valueName: "key op value"))
    var prefer: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("A TCP port, in FLUSTER_PORT_NAME.", valueName: "name"))
    var port: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("A socket's path, in FLUSTER_SOCK_NAME.", valueName: "name"))
    var sock: [String] = []
  }

  /// When it has its turn, and what starts with it.
  struct Order: ParsableArguments {
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Which queue (interactive).", valueName: "production|interactive|batch"))
    var band: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Within the band, higher goes first (0).", valueName: "n"))
    var priority: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Give up if it finds no place so long.", valueName: "span"))
    var scheduleTimeout: String?

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("Not before these have ended.", valueName: "selector,..."))
    var after: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("Not before all of these have succeeded.", valueName: "selector,..."))
    var afterOk: [String] = []

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "Not before these have ended, and not all succeeded.", valueName: "selector,..."))
    var afterFail: [String] = []

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Not before this.", valueName: "time"))
    var begin: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Not from this on; what has not started ends.", valueName: "time"))
    var deadline: String?

    @Flag(help: "All tasks start together or not at all, and fail together.")
    var gang = false

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("A gang on workers that are alike in this.", valueName: "attribute"))
    var groupBy: String?

    @Flag(help: "A gang of which no worker takes two tasks.")
    var onePerWorker = false
  }

  /// How it may end, and how often it is tried.
  struct Ending: ParsableArguments {
    @Option(
      parsing: .unconditional, help: ArgumentHelp("Time limit.", valueName: "span"))
    var time: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Between TERM and KILL (5s).", valueName: "span"))
    var grace: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("A signal so long before the time limit.", valueName: "signal@span"))
    var warn: String?

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Failures forgiven (0).", valueName: "n"))
    var retries: String?

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Losses forgiven (100).", valueName: "n"))
    var retriesLost: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Pause after a failure, doubling (1s..60s).", valueName: "first..max"))
    var backoff: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "The job fails when more attempts have failed.", valueName: "n"))
    var maxFailures: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Exit statuses that are success, too.", valueName: "list"))
    var okStatus: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Exit statuses that are not tried again.", valueName: "list"))
    var noRetryStatus: String?
  }

  /// What the command finds around it.
  struct Surroundings: ParsableArguments {
    @Option(
      name: .customShort("e", allowingJoined: true), parsing: .unconditionalSingleValue,
      help: ArgumentHelp("Set a variable, or pass the caller's.", valueName: "name[=value]"))
    var variable: [String] = []

    @Option(
      name: .customLong("env"), parsing: .unconditional,
      help: ArgumentHelp(
        "How much of the environment goes along (all).", valueName: "all|minimal|none"))
    var extent = "all"

    @Option(
      name: .customShort("C", allowingJoined: true), parsing: .unconditional,
      help: ArgumentHelp("Working directory.", valueName: "directory"))
    var directory: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("File mode mask.", valueName: "octal"))
    var umask: String?

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp("Resource limit.", valueName: "name=soft[:hard]"))
    var rlimit: [String] = []

    @Option(parsing: .unconditional, help: ArgumentHelp("Nice value.", valueName: "n"))
    var nice: String?
  }

  /// Where output goes and input comes from.
  struct Output: ParsableArguments {
    @Option(
      name: .customShort("o", allowingJoined: true), parsing: .unconditional,
      help: ArgumentHelp("Standard output (and error) to this file.", valueName: "file"))
    var stdout: String?

    @Option(
      name: .customShort("E", allowingJoined: true), parsing: .unconditional,
      help: ArgumentHelp("Standard error to this file.", valueName: "file"))
    var stderr: String?

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Cap of a kept log (100M).", valueName: "size"))
    var logMax: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Standard input from this file (/dev/null).", valueName: "file"))
    var stdin: String?

    @Flag(help: "Begin each line of the kept log with the time.")
    var timestamps = false

    @Flag(help: "Have each line of output in the journal, too.")
    var journal = false
  }

  /// Where it stands in the tree of jobs.
  struct Tree: ParsableArguments {
    @Flag(help: "A job of its own, and no child of the surrounding one.")
    var detach = false

    @Flag(help: "When it succeeds, end its children too.")
    var endChildren = false
  }

  /// How the submit itself goes.
  struct Asking: ParsableArguments {
    @Flag(help: "Not to be started before fluster-set releases it.")
    var hold = false

    @Flag(help: "Wait for the end, and exit as the job did.")
    var wait = false

    @Flag(help: "Store nothing; print the request and whether it could ever run.")
    var dryRun = false

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("The same token gives the same job.", valueName: "uuid"))
    var token: String?

    /// The token given; throws usage for what is no UUID.
    func parsedToken() throws(Failure) -> Token? {
      guard let token else { return nil }
      let digits = token.replacing("-", with: "")
      let dashes = token.split(separator: "-", omittingEmptySubsequences: false).map(\.count)
      guard let value = AttemptUID(hex: digits), [[32], [8, 4, 4, 4, 12]].contains(dashes) else {
        throw .usage(
          "--token: \"\(token)\" is no UUID", wayOut: "make one with: uuidgen, or od -An -N16 -tx1")
      }
      return Token(bytes: value.bytes)
    }
  }
}
