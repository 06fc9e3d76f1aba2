/// A signal that an attempt gets so long before its time limit.
package struct Warning: Hashable, Sendable {
  package let signal: UInt8
  package let before: Span

  /// Signal number `signal`, `before` the limit.
  package init(signal: UInt8, before: Span) {
    self.signal = signal
    self.before = before
  }
}
