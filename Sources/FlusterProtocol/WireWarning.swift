import FlusterCore

extension Warning {
  /// A warning from the wire, checked; nil where the signal is 0.
  init?(signal: UInt32, beforeMs: UInt64) throws(Refusal) {
    guard signal != 0 else { return nil }
    self.init(
      signal: try Limit.signal(signal), before: try Limit.span(beforeMs, "a warning"))
  }
}
