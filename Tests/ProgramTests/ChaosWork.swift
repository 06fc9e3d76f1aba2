/// The kinds of jobs in the chaos. All run one script, which keeps the ledger.
enum ChaosWork: CaseIterable {
  case plain
  case array
  case flaky
  case limited
  case gang
  case tree
  case signalled
  case bounded
  case endless

  /// Each attempt takes its task's lock for as long as anything of it lives, so that a second one
  /// at the same time is found out whatever became of the first; and it writes down, one after the
  /// other, that it has started and how it will end.
  static let script = """
    exec 9>>"lock.$FLUSTER_JOB_ID.$FLUSTER_TASK_INDEX"
    flock -n 9 || echo "$FLUSTER_JOB_ID.$FLUSTER_TASK_INDEX $FLUSTER_ATTEMPT_UID" >>twice
    say() {
      (
        flock 8
        echo "$FLUSTER_ATTEMPT_UID $FLUSTER_JOB_ID $FLUSTER_TASK_INDEX $FLUSTER_ATTEMPT" \\
          "$FLUSTER_WORKER_ID $*" >&8
      ) 8>>ledger
    }
    finish() { say end "$1"; exit "$1"; }
    say start
    case $1 in
    plain) sleep "$2"; finish "$3" ;;
    array) sleep 0.$((FLUSTER_TASK_INDEX % 5)); finish $((FLUSTER_TASK_INDEX % 3 ? 0 : 4)) ;;
    flaky) sleep 0.1; [ "$FLUSTER_ATTEMPT" -lt "$2" ] && finish 3; finish 0 ;;
    gang)
      sleep 0.5
      [ "$FLUSTER_TASK_INDEX" = 1 ] && [ "$FLUSTER_ATTEMPT" -lt "$2" ] && finish 6
      finish 0 ;;
    tree)
      fluster-submit -n "child-$FLUSTER_ATTEMPT_UID" --cpus 0.2 -- sh job.sh plain "$2" 0
      sleep 0.2
      finish "$3" ;;
    signalled) sleep 0.1; say end signal; kill -KILL $$ ;;
    stubborn) trap '' TERM; sleep 600; finish 9 ;;
    endless) sleep 600; finish 9 ;;
    esac
    """

  /// What follows the name on the command line of fluster-submit.
  func words(using random: inout SeededNumbers) -> [String] {
    func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }
    // Its output passes through the worker, and its end waits for that.
    let byLine = Bool.random(using: &random) ? ["--timestamps"] : []
    let job = byLine + ["--", "sh", "job.sh"]
    switch self {
    case .plain:
      return ["--cpus", "0.5"] + job + ["plain", "0.\(number(0...9))", "\(number(0...3))"]
    case .array:
      let throttle = Bool.random(using: &random) ? "%\(number(1...3))" : ""
      return ["--cpus", "0.4", "-a", "0-\(number(1...7))\(throttle)"] + job + ["array"]
    case .flaky:
      return ["--cpus", "0.3", "--retries", "2", "--backoff", "100ms..400ms"] + job
        + ["flaky", "\(number(0...4))"]
    case .limited:
      let how = ["endless", "stubborn"].randomElement(using: &random) ?? "endless"
      return ["--cpus", "0.3", "--time", "1s", "--grace", "1s", "--retries", "1"] + job + [how]
    case .gang:
      return [
        "--cpus", "0.5", "-a", "0-2", "--one-per-worker", "--retries", "\(number(0...1))",
        "--backoff", "100ms..200ms",
      ] + job + ["gang", "\(number(0...2))"]
    case .tree:
      return ["--cpus", "0.3"] + (Bool.random(using: &random) ? ["--end-children"] : []) + job
        + ["tree", "0.\(number(1...9))", "\(number(0...1))"]
    case .signalled:
      return ["--cpus", "0.3", "--retries", "1", "--backoff", "100ms..200ms"] + job
        + ["signalled"]
    case .bounded:
      return ["--cpus", "0.4", "-a", "1-9%2", "--max-failures", "1"] + job + ["array"]
    case .endless:
      let how = ["endless", "stubborn"].randomElement(using: &random) ?? "endless"
      return ["--cpus", "0.1", "--grace", "1s"] + job + [how]
    }
  }
}
