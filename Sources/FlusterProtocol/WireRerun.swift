package import FlusterCore

/// A Rerun that has passed the door.
package struct RerunOrder: Hashable, Sendable {
  package let selector: JobSelector
  /// Nil: the caller takes the risk that a resend submits twice.
  package let token: Token?

  /// Decodes and checks; throws invalid-argument naming the field.
  package init(wire: WireRerun) throws(Refusal) {
    let selectors = try JobSelector.someList(wire: wire.hasSelector ? [wire.selector] : [])
    guard let selector = selectors.first else { throw .invalid("the request names no job") }
    if case .tasks(let selection) = selector, let index = selection.indices?.lowerBound {
      throw .invalid(
        "task \(selection.job).\(index) cannot be run again by itself, only job \(selection.job)")
    }
    self.selector = selector
    token = wire.token.isEmpty ? nil : Token(bytes: wire.token.array)
    guard wire.token.isEmpty == (token == nil) else {
      throw .invalid("the token has \(wire.token.count) bytes instead of 16")
    }
  }
}
