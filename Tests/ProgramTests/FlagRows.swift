import Glibc

/// What each option takes and refuses.
enum FlagRows {
  typealias Row = Programs.Flags.Row
  typealias Table = Programs.Flags.Table

  /// Of all commands; `ended` is a job that has succeeded, `held` one that waits.
  static func tables(ended: String, held: String) -> [Table] {
    [
      Table(
        command: "fluster-submit", before: ["--dry-run"], behind: ["--", "true"],
        rows: submit + after(ended) + shared,
        alone: ["--wait": ["skip"], "--one-per-worker": ["-a", "0-0", "--gang"]]),
      Table(
        command: "fluster-ls", before: [], rows: list + shared + output,
        alone: ["--follow": ["skip"], "--why": [ended], "--script": ["skip"]]),
      Table(
        command: "fluster-wait", before: [ended],
        rows: [
          Row(flag: "--timeout", good: ["1", "1s", "2h30m"], bad: ["", "soon", "-1", "1x"]),
          Row(flag: "--state", good: ["succeeded", "failed,running"], bad: ["", "happy"]),
        ] + shared, failure: 125),
      Table(
        command: "fluster-log", before: [ended],
        rows: [
          Row(flag: "-n", good: ["0", "10"], bad: ["", "x", "-1", "1.5"]),
          Row(flag: "--attempt", good: ["0", "all"], bad: ["", "x", "-1"], vain: ["7": 66]),
        ] + shared),
      Table(
        command: "fluster-kill", before: [ended],
        rows: [
          Row(flag: "-s", good: ["TERM", "SIGHUP", "usr1", "15"], bad: ["", "NONE", "65", "-1"]),
          Row(flag: "-r", good: ["a reason"], bad: []),
          Row(flag: "--state", good: ["pending", "pending,running"], bad: ["", "happy"]),
          Row(flag: "--name", good: ["ended"], bad: [""], vain: ["nothing*": 66]),
          Row(flag: "--user", good: ["\(geteuid())"], bad: [""], vain: ["no-such-user": 66]),
        ] + shared),
      Table(command: "fluster-set", before: [], behind: [held, "hold"], rows: shared),
      Table(command: "fluster-ctl", before: ["workers"], rows: shared + output),
      Table(
        command: "fluster-endpoint", before: ["ls", "--job", ended],
        rows: [Row(flag: "--job", good: [ended], bad: ["", "x y"], vain: ["4711": 66])] + shared
          + output),
    ]
  }

  private static func after(_ ended: String) -> [Row] {
    ["--after", "--after-ok", "--after-fail"].map {
      Row(flag: $0, good: [ended, "\(ended),\(ended)"], bad: ["", "x y"], vain: ["4711": 66])
    }
  }

  private static let shared = [
    Row(flag: "--socket", good: ["user"], bad: ["", "ssh://"], vain: ["/nowhere": 69])
  ]
  private static let output = [
    Row(flag: "--color", good: ["auto", "always", "never"], bad: ["", "sometimes"])
  ]

  private static let list = [
    Row(flag: "--state", good: ["failed", "pending,running"], bad: ["", "happy", "failed,"]),
    Row(flag: "-n", good: ["1", "100"], bad: ["", "0", "-1", "x"]),
    Row(flag: "--name", good: ["*", "true"], bad: [""]),
    Row(flag: "--user", good: ["\(geteuid())"], bad: [""], vain: ["no-such-user": 66]),
    Row(
      flag: "--since", good: ["-2h", "2h ago", "03:00", "yesterday", "2026-01-01"],
      bad: ["", "soon", "-x", "x ago"]),
    Row(flag: "--sort", good: ["id", "-TIME"], bad: ["", "-", "nothing", "id,name"]),
    Row(flag: "-o", good: ["id", "ID,NAME"], bad: ["", "nothing", "id,"]),
    Row(flag: "--cursor", good: ["start"], bad: ["", "x"]),
  ]

  private static let spans = ["90", "90s", "5m", "2h30m", "1d"]
  private static let noSpans = ["", "soon", "-1", "5x", "1e3"]
  private static let noCounts = ["", "-1", "x", "1.5"]

  private static let submit: [Row] = [
    Row(flag: "-c", good: [], bad: [""]),
    Row(flag: "-n", good: ["x", "a b"], bad: [""]),
    Row(flag: "-s", good: ["a-script"], bad: [""], vain: ["/nowhere": 66]),
    Row(flag: "--each-line", good: ["a-script"], bad: [""], vain: ["/nowhere": 66]),
    Row(
      flag: "-a", good: ["1-3", "0-9:3", "1-4%2"], bad: ["", "1-", "x", "1-4%0"],
      vain: ["5-4": 65]),
    Row(flag: "--key", good: ["a", "a b"], bad: [""]),
    Row(flag: "--key-scope", with: ["-k", "a"], good: ["ever", "live"], bad: ["", "never"]),
    Row(
      flag: "--if-exists", with: ["-k", "a"], good: ["return", "fail", "replace"],
      bad: ["", "ask"]),
    Row(flag: "--cpus", good: ["1", "0.5"], bad: ["", "0", "-1", "1e3", "x"], vain: ["64": 65]),
    Row(flag: "--mem", good: ["64M", "1G", "1000"], bad: ["", "8x", "-1"], vain: ["1T": 65]),
    Row(flag: "--gpus", good: ["0", "1"], bad: ["", "-1", "x", "1.5"], vain: ["2": 65]),
    Row(flag: "--comment", good: ["", "a b"], bad: []),
    Row(flag: "--pids", good: ["1", "4194304"], bad: ["", "0", "-1", "1K", "4194305"]),
    Row(flag: "-r", good: ["gpu=1"], bad: ["", "gpu", "gpu=", "=1", "gpu=x"], vain: ["gpu=2": 65]),
    Row(
      flag: "--constraint", good: ["zone = b", "zone exists", "zone in a,b"], bad: ["", "zone"],
      vain: ["zone = a": 65]),
    Row(flag: "--prefer", good: ["zone = a", "zone exists"], bad: ["", "zone"]),
    Row(flag: "--port", good: ["http"], bad: [], vain: ["": 65, "9x": 65, "a b": 65]),
    Row(flag: "--sock", good: ["s"], bad: [], vain: ["": 65, "9x": 65, "a b": 65]),
    Row(flag: "--band", good: ["production", "interactive", "batch"], bad: ["", "fast"]),
    Row(flag: "--priority", good: ["0", "5", "-5"], bad: ["", "x", "1.5", "1000001"]),
    Row(
      flag: "--begin", good: ["now+2h", "03:00", "tomorrow", "daily", "2999-12-01T12:00:00Z"],
      bad: ["", "soon", "now+x"]),
    Row(
      flag: "--deadline", good: ["now+2h", "tomorrow 03:00", "2999-12-01 12:00"],
      bad: ["", "soon", "now+x"]),
    Row(flag: "--schedule-timeout", good: spans, bad: noSpans),
    Row(flag: "--group-by", with: ["--gang", "-a", "0-1"], good: ["zone"], bad: [""]),
    Row(flag: "--time", good: spans, bad: noSpans),
    Row(
      flag: "--warn", with: ["--time", "1h"], good: ["USR1@60s", "TERM@1m"],
      bad: ["", "USR1", "NONE@1s", "@5s", "USR1@soon"]),
    Row(flag: "--grace", good: spans, bad: noSpans),
    Row(flag: "--retries", good: ["0", "3"], bad: noCounts),
    Row(flag: "--retries-lost", good: ["0", "3"], bad: noCounts),
    Row(flag: "--backoff", good: ["1s..2s"], bad: ["", "1s", "2s..1s", "x..y"]),
    Row(flag: "--max-failures", good: ["0", "5"], bad: noCounts),
    Row(flag: "--ok-status", good: ["3", "3,5-7"], bad: ["", "256", "x", "7-5"]),
    Row(flag: "--no-retry-status", good: ["3", "3,5-7"], bad: ["", "256", "x", "7-5"]),
    Row(flag: "-e", good: ["A=b", "HOME", "A=b=c", "A="], bad: ["", "=x"]),
    Row(flag: "--env", good: ["all", "minimal", "none"], bad: ["", "some"]),
    Row(flag: "-C", good: ["/"], bad: [""]),
    Row(flag: "--umask", good: ["022", "0"], bad: ["", "8", "9999", "x"]),
    Row(
      flag: "--rlimit", good: ["nofile=64:64", "core=0"], bad: ["", "nofile", "x=1", "nofile=y"]),
    Row(flag: "--nice", good: ["0", "5", "19"], bad: ["", "20", "x"]),
    Row(flag: "-o", good: ["out", "out.%j"], bad: [""]),
    Row(flag: "-E", good: ["err", "err.%t"], bad: [""]),
    Row(flag: "--log-max", good: ["1M"], bad: ["", "x"]),
    Row(flag: "--stdin", good: ["/dev/null"], bad: [""]),
    Row(
      flag: "--token", good: ["00000000-0000-0000-0000-000000000001"],
      bad: ["", "x", "0000-0000"]),
  ]
}
