package import FlusterCore

/// What a job is to wait for, as its client named it; flusterd finds the jobs.
package struct DependencyOrder: Hashable, Sendable {
  package let kind: Dependency.Kind
  package let selector: JobSelector

  /// Decodes and checks one.
  ///
  /// Throws unimplemented for a kind that a newer client has: guessing would start a job too early.
  init(wire: WireDependency) throws(Refusal) {
    switch wire.kind {
    case .after: kind = .after
    case .afterOk: kind = .afterOK
    case .afterFail: kind = .afterFail
    case .unspecified, .UNRECOGNIZED:
      throw Refusal(
        .unimplemented,
        "flusterd \(FlusterVersion.software) has no dependency of kind \(wire.kind.rawValue)")
    }
    selector = try JobSelector(wire: wire.selector)
  }

  /// All dependencies of a request.
  static func list(wire: [WireDependency]) throws(Refusal) -> [DependencyOrder] {
    guard wire.count <= Dependency.most else {
      throw .invalid(
        "\(wire.count) dependencies are above the limit of \(Dependency.most)",
        wayOut: "let one job wait for some of them, and then another for that")
    }
    // The limits of selectors hold, too.
    _ = try JobSelector.list(wire: wire.map(\.selector))
    var orders: [DependencyOrder] = []
    for dependency in wire { orders.append(try DependencyOrder(wire: dependency)) }
    return orders
  }
}

extension WireDependency {
  /// What a job waits for or waited for.
  package init(_ dependency: Dependency) {
    self.init(dependency.kind, WireSelector(.tasks(dependency.target)))
  }

  /// A dependency for the wire.
  package init(_ kind: Dependency.Kind, _ selector: WireSelector) {
    self.init()
    switch kind {
    case .after: self.kind = .after
    case .afterOK: self.kind = .afterOk
    case .afterFail: self.kind = .afterFail
    }
    self.selector = selector
  }

  /// Which end it takes; nil for a kind that a newer flusterd has.
  package var known: Dependency.Kind? {
    switch kind {
    case .after: .after
    case .afterOk: .afterOK
    case .afterFail: .afterFail
    case .unspecified, .UNRECOGNIZED: nil
    }
  }
}
