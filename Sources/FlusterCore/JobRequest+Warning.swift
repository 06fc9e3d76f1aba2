extension JobRequest {
  /// Why it cannot be warned as it wants to be; nil if it can, or wants none.
  var refusalOfWarning: Refusal? {
    guard let warning = options.warning else { return nil }
    guard let timeLimit else {
      return Refusal(
        .invalidArgument, "a job without a time limit cannot be warned before it",
        wayOut: "give it a limit with --time")
    }
    guard warning.before < timeLimit else {
      let (before, limit) = (warning.before.milliseconds, timeLimit.milliseconds)
      return Refusal(
        .invalidArgument,
        "a warning \(Quantity.text(milliseconds: before)) before a limit of "
          + "\(Quantity.text(milliseconds: limit)) would come before the start",
        wayOut: "warn later, or allow more time")
    }
    return nil
  }
}
