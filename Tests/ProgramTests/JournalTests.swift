import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("where the messages of the daemons go")
  struct Messages {
    @Test("standard error that is no journal gets plain lines")
    func plain() throws {
      try Instance.with(daemons: []) { instance in
        // Left over from somebody whose standard error was the journal.
        try instance.start(.controller, wrapper: ["env", "JOURNAL_STREAM=1:2"])
        try eventually("flusterd says that it serves") {
          instance.said(by: .controller).first
            == "flusterd: serving; 0 unfinished jobs, 0 tasks with a worker, 0 workers"
        }
      }
    }

    @Test("the journal gets entries with fields")
    func fields() throws {
      guard let journal = try Journal.start() else { return }
      try Instance.with(daemons: []) { instance in
        try instance.start(.controller, wrapper: journal.stream)
        var entries: [String] = []
        try eventually("flusterd's entry is in the journal") {
          entries = try journal.entries(of: "flusterd")
          return !entries.isEmpty
        }
        let entry = try #require(entries.first)
        for field in [
          #""MESSAGE":"serving; 0 unfinished jobs, 0 tasks with a worker, 0 workers""#,
          #""SYSLOG_IDENTIFIER":"flusterd""#, #""PRIORITY":"6""#, #""CODE_FILE":"FlusterDaemon/"#,
          #""CODE_LINE":""#, #""CODE_FUNC":"begin()""#, #""_TRANSPORT":"journal""#,
          #""_PID":"\#(try instance.pid(of: .controller))""#,
        ] {
          #expect(entry.contains(field), "\(entry)")
        }
        #expect(instance.said(by: .controller).isEmpty)
      }
      withExtendedLifetime(journal) {}
    }

    @Test("the journal tells a job's whole life, and whose it was")
    func life() throws {
      guard let journal = try Journal.start() else { return }
      try Instance.with(daemons: [.shim]) { instance in
        try instance.start(.controller, wrapper: journal.stream)
        try instance.start(.worker)
        let id = try instance.submit("-a", "3-4", "-n", "life", "--", "sh", "-c", "exit 7")
        #expect(try instance.run("fluster-wait", id).status == 1)
        func values(_ field: String, _ matches: String...) throws -> [String] {
          try journal.entries(of: "flusterd", matches + ["--output-fields=\(field)"]).map {
            $0.firstMatch(
              of: try Regex("\"\(field)\":\"([^\"]*)\"", as: (Substring, Substring).self)
            )
            .map { String($0.1) } ?? "-"
          }
        }
        let ofTask = [
          "FLUSTER_JOB_ID=\(id)", "FLUSTER_TASK=3", "FLUSTER_EVENT=task_ended",
        ]
        try eventually("the end of the job is told") {
          try values("FLUSTER_STATE", "FLUSTER_EVENT=job_ended", ofTask[0]) == ["failed"]
        }
        let told = try values("FLUSTER_EVENT", ofTask[0])
        #expect(told.first == "job_submitted" && told.last == "job_ended", "\(told)")
        #expect(told.count { $0 == "task_started" } == 2, "\(told)")
        #expect(try values("FLUSTER_EXIT_STATUS", ofTask[0], ofTask[1], ofTask[2]) == ["7"])
        #expect(
          try values("MESSAGE", ofTask[0], ofTask[1], ofTask[2])
            == ["task \(id).3 (life) has ended (failed): exit, status 7, attempt 0 on w1"])
        let ids = try values("MESSAGE_ID", ofTask[0])
        #expect(Set(ids).count == Set(told).count && !ids.contains("-"), "\(ids)")
        #expect(try Set(values("FLUSTER_USER", ofTask[0])).count == 1)
      }
      withExtendedLifetime(journal) {}
    }

    @Test("with --journal each line of a job's output is told, too, between its start and its end")
    func output() throws {
      guard let journal = try Journal.start() else { return }
      try Instance.with(daemons: [.shim]) { instance in
        try instance.start(.controller, wrapper: journal.stream)
        try instance.start(.worker, wrapper: journal.stream)
        let script = """
          echo plain; printf 'a\\0b\\377\\n'; echo bad >&2; head -c 50000 /dev/zero | tr '\\0' x
          echo; printf end
          """
        let id = try instance.submit("-n", "talker", "--journal", "-c", script)
        #expect(try instance.wait(id) == 0)
        func told(_ matches: String...) throws -> [ParsedJSON] {
          try journal.entries(of: "talker", ["FLUSTER_JOB_ID=\(id)"] + matches).map {
            try ParsedJSON($0)
          }
        }
        try eventually("all lines are told") { try told().count == 6 }
        let lines = try told("FLUSTER_STREAM=stdout")
        #expect(lines.count == 5)
        #expect(lines[0]["MESSAGE"]?.string == "plain" && lines[0]["PRIORITY"]?.string == "6")
        let bytes = ["97", "0", "98", "255"].map(ParsedJSON.number)
        #expect(lines[1]["MESSAGE"]?.elements == bytes, "\(lines[1])")
        #expect(lines[2]["FLUSTER_LINE_BREAK"]?.string == "line-max")
        #expect(lines[3]["MESSAGE"]?.string == String(repeating: "x", count: 50_000 - 49_152))
        #expect(lines[4]["MESSAGE"]?.string == "end")
        #expect(lines[4]["FLUSTER_LINE_BREAK"]?.string == "eof")
        let bad = try #require(try told("FLUSTER_STREAM=stderr").first)
        for (field, value) in [
          "MESSAGE": "bad", "PRIORITY": "3", "FLUSTER_JOB_NAME": "talker", "FLUSTER_ATTEMPT": "0",
          "FLUSTER_WORKER": "w1", "SYSLOG_IDENTIFIER": "talker",
        ] {
          #expect(bad[field]?.string == value, "\(bad)")
        }
        #expect(bad["FLUSTER_TASK"] == nil && bad["FLUSTER_ATTEMPT_UID"] != nil)
        #expect(try instance.log(of: id).hasPrefix("plain\n"))
        let task = try instance.submit("-n", "talker", "-a", "3-3", "--journal", "--", "echo", "x")
        #expect(try instance.wait("\(task).3") == 0)
        try eventually("an array's line is told") {
          try journal.entries(of: "talker", "FLUSTER_JOB_ID=\(task)", "FLUSTER_TASK=3").count == 1
        }
      }
      withExtendedLifetime(journal) {}
    }

    @Test("an error is of a priority that stands out")
    func priorities() throws {
      guard let journal = try Journal.start() else { return }
      try Instance.with(daemons: []) { instance in
        try instance.start(.controller, wrapper: journal.stream)
        try write("nonsense", to: "\(instance.directory)/config/fluster/fluster.conf")
        kill(try instance.pid(of: .controller), SIGHUP)
        try eventually("the error is in the journal") {
          try journal.entries(of: "flusterd", "--priority=err").contains {
            $0.contains(#""MESSAGE":"the configuration stays as it was: "#)
          }
        }
      }
      withExtendedLifetime(journal) {}
    }
  }
}

/// A journald of the test's own, in a mount namespace where /run is its own too: the library
/// knows its sockets by their fixed paths alone.
private struct Journal {
  private static let program = "/lib/systemd/systemd-journald"
  private let daemon: Program

  /// Starts one; says that the test is skipped where that is not possible, and gives nil.
  static func start() throws -> Journal? {
    guard geteuid() == 0 else {
      #expect(maySkip(because: "a journal of the test's own needs root"))
      return nil
    }
    guard access(program, X_OK) == 0 else {
      #expect(maySkip(because: "there is no \(program)"))
      return nil
    }
    return try Journal()
  }

  private init() throws {
    let settings = [
      "[Journal]", "Storage=volatile", "RuntimeMaxUse=16M", "RateLimitIntervalSec=0",
      "ReadKMsg=no", "Audit=no", "ForwardToSyslog=no", "ForwardToWall=no",
    ].joined(separator: "\n")
    let script = """
      mount -t tmpfs -o mode=0755 run /run &&
        mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal &&
        echo "$1" >/run/systemd/journald.conf.d/test.conf && exec "$0"
      """
    daemon = try Program(
      [
        "unshare", "--mount", "--propagation", "private", "sh", "-c", script, Journal.program,
        settings,
      ], environment: Processes.environment)
    let sockets = "/proc/\(daemon.pid)/root/run/systemd/journal"
    try eventually("journald listens") { [daemon] in
      guard daemon.isRunning else { throw TimedOut(what: "\(try daemon.finish())") }
      return ["socket", "stdout"].allSatisfy { access("\(sockets)/\($0)", F_OK) == 0 }
    }
  }

  private var enter: [String] { ["nsenter", "--mount", "--target", "\(daemon.pid)", "--"] }

  /// Words before a program's own that send its standard error to the journal as a unit does.
  var stream: [String] {
    let script = "JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2) exec \"$@\""
    return enter + ["systemd-cat", "--identifier=stream", "sh", "-c", script, "sh"]
  }

  /// Entries under an identifier as lines of JSON, the oldest first.
  func entries(of identifier: String, _ options: String...) throws -> [String] {
    try entries(of: identifier, options)
  }

  /// The same.
  func entries(of identifier: String, _ options: [String]) throws -> [String] {
    let listing = try Program(
      enter + [
        "journalctl", "--quiet", "--no-pager", "--output=json", "--identifier=\(identifier)",
      ] + options, environment: Processes.environment
    ).finish(within: 20)
    try #require(listing.status == 0, "\(listing)")
    return listing.lines
  }
}
