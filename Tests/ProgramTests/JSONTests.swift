import FlusterCore
import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("what programs read")
  struct JSONLines {
    private static let schemaPath =
      #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }
      + "/contrib/fluster.schema.json"

    /// Keys that need what a test cannot count on.
    private static let unseen: Set<String> = [
      // Memory and block devices that are accounted by control groups.
      "peak_mem_bytes", "read_bytes", "written_bytes", "cpu_stall_seconds", "memory_stall_seconds",
      "io_stall_seconds", "throttled_seconds", "peak_processes",
      // Control groups at all, for what is frozen.
      "frozen", "frozen_count",
      // A disk that is full.
      "store_trouble",
      // Workers on other machines, and a feed that has been cut: other tests have them.
      "lease_seconds", "missing",
      // What only control groups can do.
      "frozen", "frozen_count",
      // States that pass, and one that nothing makes yet.
      "assigned", "building", "preempted",
    ]

    /// What happens when a machine is in trouble.
    private static let unseenKinds: Set<String> = [
      "task_building", "task_frozen", "task_thawed", "task_stuck", "worker_silent", "worker_heard",
      "worker_ailing",
      "worker_well",
    ]

    /// Collects what the commands print, and checks it as it comes.
    private final class Collector {
      let instance: Instance
      let schema: JSONSchema
      private(set) var seen: Set<String> = []

      init(_ instance: Instance) throws {
        self.instance = instance
        schema = try JSONSchema(text(at: JSONLines.schemaPath))
      }

      /// Runs a command that may fail and checks each line it prints.
      @discardableResult
      func take(_ kind: String, _ command: String...) throws -> [ParsedJSON] {
        let finished = try instance.launch(command).finish()
        #expect(!finished.lines.isEmpty, "\(command): \(finished)")
        return try finished.lines.map { line in
          let value = try ParsedJSON(line)
          let kind = kind == "event" && value["event"] == .string("gap") ? "gap" : kind
          let violations = schema.violations(of: value, as: kind)
          #expect(violations.isEmpty, "\(command): \(violations.joined(separator: "\n"))\n\(line)")
          note(value, line)
          return value
        }
      }

      /// Nothing is null, or -1 or a word in place of what is unknown.
      private func note(_ value: ParsedJSON, _ line: String) {
        for member in value.members ?? [] {
          seen.insert(member.key)
          #expect(member.value != .null, "\(member.key) is null: \(line)")
          #expect(member.value != .string("N/A"), "\(member.key): \(line)")
          let mayBeNegative = ["priority", "nice"].contains(member.key)
          #expect(member.value != .number("-1") || mayBeNegative, "\(member.key) is -1: \(line)")
          #expect(member.value != .string("") || member.key == "metadata", "\(member.key): \(line)")
          note(member.value, line)
        }
        for element in value.elements ?? [] { note(element, line) }
      }
    }

    @Test("every line of every kind is as fluster-json(5) says, whatever became of the job")
    func lines() throws {
      try Instance.with(
        worker: ["--cpus", "4", "--mem", "2G", "-r", "gpu=2", "--attribute", "zone=b"],
        settings: "[Controller]\nExpectedWorkers=other:cpus=1:mem=1G\n"
      ) { instance in
        let all = try Collector(instance)
        try endSome(instance, all)
        try haveSomeRun(instance, all)
        try all.take("request", "sh", "-c", Self.dryRun)
        try all.take(
          "request", "fluster-submit", "--dry-run", "--cpus", "64", "--timestamps", "--journal",
          "true")
        try all.take("request", "sh", "-c", "echo true | fluster-submit --dry-run -")
        for words in ["", "-l"] {
          try all.take("job", "sh", "-c", "fluster-ls -A --json \(words)")
          try all.take("task", "sh", "-c", "fluster-ls -A --json --tasks \(words)")
          try all.take("worker", "sh", "-c", "fluster-ctl --json \(words) workers")
        }
        try all.take("worker", "fluster-ls", "--workers", "--json")
        try all.take("instance", "fluster-ctl", "--json", "status")
        try all.take("user", "fluster-ctl", "--json", "users")
        try all.take("finding", "sh", "-c", "fluster-ctl --json check")
        try all.take("finding", "fluster-ctl", "--json", "--socket", "/nowhere", "check")
        try instance.end(.worker, by: SIGKILL)
        try eventually("the worker is away") {
          try instance.run("fluster-ctl", "workers", "w1").output.contains("away")
        }
        #expect(try instance.run("fluster-ctl", "forget", "w1").status == 0)
        try all.take("job", "fluster-ls", "-A", "--json", "-l")
        let events = try all.take("event", "fluster-ls", "-a", "--json", "--cursor", "start")
        let kinds = Set(events.compactMap { $0["event"]?.string }).union(Self.unseenKinds)
        #expect(Set(FeedEntry.Kind.allCases.map(\.rawValue)).subtracting(kinds).isEmpty)
        try instance.start(.worker)
        try instance.run("sh", "-c", "fluster-ls -q | fluster-kill -")
        let missing = all.schema.names.subtracting(all.seen).subtracting(Self.unseen)
        #expect(missing.isEmpty, "no line of this test has these keys: \(missing.sorted())")
      }
    }

    @Test("the words of the schema are those of the core")
    func words() throws {
      let schema = try JSONSchema(text(at: Self.schemaPath))
      func words(_ name: String) -> [String] {
        let definition = schema.definitions.first { $0.key == name }?.value
        return (definition?["enum"]?.elements ?? []).compactMap(\.string)
      }
      #expect(Set(words("state")) == Set(TaskState.allCases.map(\.word)))
      #expect(Set(words("cause")) == Set(Cause.allCases.map(\.word)))
      #expect(Set(words("start_reason")) == Set(StartReason.allCases.map(\.word)))
      #expect(Set(words("code")) == Set(PendingReason.Code.allCases.map(\.rawValue)))
      #expect(Set(words("kind")) == Set(FeedEntry.Kind.allCases.map(\.rawValue) + ["gap"]))
    }

    private static let dryRun = """
      fluster-submit --dry-run -n all -k once --key-scope live --if-exists replace -a 1-9:2%3 \\
        --cpus 0.5 --mem 64M --pids 64 -r gpu=1 --constraint 'zone in b,c' --prefer 'worker = w1' \\
        --port http --band batch --priority -1 --schedule-timeout 2h --gang \\
        --group-by zone --one-per-worker --time 90s --warn USR1@9s --grace 1s --retries 2 \\
        --retries-lost 3 \\
        --backoff 1s..2s --max-failures 5 --ok-status 3,5-7 --no-retry-status 9 -e A=b -C / \\
        --umask 027 --rlimit nofile=64:64 --nice 1 -o out.%j -E err.%j --log-max 1M \\
        --stdin /dev/null --end-children --begin now+1h --deadline now+2h --after 1 \\
        --after-ok @last --after-fail 2.0 --hold true
      """

    /// Jobs that end in every way there is without accounting of memory.
    private func endSome(_ instance: Instance, _ all: Collector) throws {
      let script = """
        s() { fluster-submit -q "$@"; }
        s true; s -c 'exit 7'; s -c 'kill -9 $$'; s --time 1s sleep 100
        s -a 1-3%2 -c 'exit $((FLUSTER_TASK_INDEX - 1))'; s -a 0-1 --gang -c 'exit 3'
        s --retries 1 --backoff 1s..1s false; s ./nowhere; s -C /nowhere true
        s --stdin /nowhere true; s -a 1-4 --max-failures 0 false; s --ok-status 3 -c 'exit 3'
        s --cpus 4 --schedule-timeout 1s true
        s -k a -o out --umask 027 --nice 1 --rlimit core=0:0 --port http --sock s --end-children \\
          -- sh -c 'fluster-submit -q true | fluster-wait -; exit 0'
        s -c 'fluster-submit -q sleep 100; exit 1'
        s -a 1-2%1 -c 'fluster-submit -q true | fluster-wait -'
        echo true | s -n script; echo line | s --each-line - echo {}
        s -n "$(printf 'quote\\042s')" -- printf '\\377 \\n "'
        killed=$(s -n killed sleep 100)
        held=$(s --hold sleep 100)
        fluster-kill -r 'wrong data' $killed $held
        some=$(s -a 1-3 --hold true); fluster-kill $some.2; fluster-set $some.1 release
        fluster-kill $some
        fluster-ls -q | fluster-wait - >/dev/null 2>&1 || true
        """
      // Room is taken while one waits for it in vain.
      let holder = try instance.submit("--cpus", "1", "--", "sleep", "100")
      #expect(
        try instance.run(
          "sh", "-c",
          script.replacing("fluster-ls -q |", with: "fluster-ls -q | grep -vx \(holder) |")
        ).status == 0)
      try instance.run("fluster-kill", holder)
      try instance.run("fluster-wait", holder)
      try all.take("ended", "sh", "-c", "fluster-ls -A -q | fluster-wait --json -")
    }

    /// Jobs that run, and others that wait for every reason that can be had with one worker.
    private func haveSomeRun(_ instance: Instance, _ all: Collector) throws {
      let server = try instance.submit(
        "-n", "server", "--retries-lost", "0", "--time", "1h", "--cpus", "3", "-r", "gpu=1", "-c",
        "fluster-endpoint add web localhost:80 zone=b && exec sleep 1000")
      try eventually("the endpoint is there") {
        try instance.run("fluster-endpoint", "--job", server, "get", "web").status == 0
      }
      let array = try instance.submit("-a", "1-5%1", "--cpus", "0.1", "--", "sleep", "1000")
      let old = try instance.submit(
        "-k", "b", "--comment", "c", "--cpus", "0.5", "-c", "trap '' TERM; sleep 1000")
      for id in ["\(array).1", old] { try instance.waitUntil(id, is: "running") }
      let script = """
        set -e
        for id in $(fluster-submit -q --cpus 4 true) $(fluster-submit -q --cpus 4 -a 1-2 true).1; do
          fluster-set $id hold; fluster-set $id release; fluster-set ${id%.*} priority 1
        done
        fluster-set $(fluster-submit -q --hold true) priority 2
        fluster-submit -q -a 0-1 --gang --cpus 2 true
        fluster-submit -q -k b --if-exists replace --grace 1h true
        fluster-submit -q --cpus 0.1 --retries 1 --backoff 1h..1h false
        fluster-submit -q --constraint 'worker = other' true
        fluster-run --stdin none sleep 1000 >/dev/null 2>&1 & echo $!
        fluster-set $(fluster-submit -q --hold -a 1-2 true).1 hold
        """
      let made = try instance.run("sh", "-c", script)
      #expect(made.status == 0, "\(made)")
      try eventually("one waits after a failure") {
        try instance.run("fluster-ls", "--json").output.contains("\"back-off\"")
      }
      try all.take("why", "sh", "-c", "fluster-ls -q | fluster-ls --json --why -")
      try all.take("why", "fluster-ls", "--json", "--why", "\(array).2")
      try all.take("endpoint", "fluster-endpoint", "--job", server, "--json", "ls")
      try all.take("endpoint", "fluster-endpoint", "--job", server, "--json", "get", "web")
      try all.take("worker", "fluster-ctl", "--json", "--tasks", "workers", "w1")
      try all.take("endpoint", "fluster-ctl", "--json", "endpoints")
      try instance.run("fluster-ctl", "drain", "w1")
      try instance.run("fluster-ctl", "resume", "w1")
    }
  }
}
