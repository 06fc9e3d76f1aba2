import FlusterClient
import FlusterCore
import FlusterProtocol

extension SubmitCommand {
  /// Reads `SIG@SPAN`.
  func setWarning(of options: inout WireOptions) throws(Failure) {
    guard let warn = ending.warn else { return }
    let parts = warn.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw .usage("--warn: \"\(warn)\" is not SIGNAL@SPAN", wayOut: "write, for example, USR1@5m")
    }
    options.warnSignal = UInt32(try Signal.parse(String(parts[0]), option: "--warn"))
    options.warnBeforeMs = try QuantityArgument.span("--warn", String(parts[1])).milliseconds
  }

  /// Refuses a warning that would not come between start and limit.
  func checkWarning(of job: WireJobRequest) throws(Failure) {
    guard let warn = ending.warn else { return }
    guard job.hasTimeLimitMs else {
      throw .usage("--warn needs a time limit to warn of", wayOut: "give one with --time")
    }
    guard job.options.warnBeforeMs > 0, job.options.warnBeforeMs < job.timeLimitMs else {
      throw .usage(
        "--warn: \(warn) is not between 0s and the time limit",
        wayOut: "warn after the start and before the limit")
    }
  }
}
