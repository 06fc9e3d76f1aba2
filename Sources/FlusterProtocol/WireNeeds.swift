package import FlusterCore

extension WireNeeds {
  /// What a task asks for.
  package init(_ needs: Requirement) {
    self.init()
    cpuMillis = needs.cpuMillis
    if let memory = needs.memoryBytes { memoryBytes = memory }
    resources = needs.named.map(WireAmount.init)
    constraints = needs.constraints.map(WireConstraint.init)
  }

  /// What there is, or what is charged.
  package init(_ amounts: Amounts) {
    self.init()
    cpuMillis = amounts.cpuMillis
    memoryBytes = amounts.memoryBytes
    resources = amounts.named.map(WireAmount.init)
  }
}

extension WireAmount {
  /// So many of something.
  package init(_ amount: NamedAmount) {
    self.init()
    name = amount.name
    count = amount.count
  }
}

extension Requirement {
  /// What a job asks for, checked: some cpu, memory if named, at most `Limit.resources` resources.
  package init(wire: WireNeeds) throws(Refusal) {
    guard wire.cpuMillis >= 1 else {
      throw .invalid(
        "a job needs at least a thousandth of a cpu", wayOut: "ask for 0.001 cpus or more")
    }
    try checkNumbers(of: wire)
    self.init(
      cpuMillis: wire.cpuMillis,
      memoryBytes: wire.hasMemoryBytes ? try Limit.memory(wire.memoryBytes) : nil,
      named: try namedAmounts(of: wire),
      constraints: try Constraint.list(wire: wire.constraints))
  }
}

extension Amounts {
  /// Definite quantities, checked; absent memory is none.
  package init(wire: WireNeeds) throws(Refusal) {
    try checkNumbers(of: wire)
    self.init(
      cpuMillis: wire.cpuMillis, memoryBytes: wire.memoryBytes, named: try namedAmounts(of: wire))
  }
}

private func checkNumbers(of wire: WireNeeds) throws(Refusal) {
  guard wire.cpuMillis <= Limit.cpuMillis else {
    throw .invalid("\(wire.cpuMillis / 1000) cpus are above the limit of \(Limit.cpuMillis / 1000)")
  }
  guard wire.memoryBytes <= Limit.number else {
    throw .invalid("\(wire.memoryBytes) bytes of memory are above the limit of \(Limit.number)")
  }
}

private func namedAmounts(of wire: WireNeeds) throws(Refusal) -> [NamedAmount] {
  guard wire.resources.count <= Limit.resources else {
    throw .invalid("\(wire.resources.count) resources are named; the limit is \(Limit.resources)")
  }
  var amounts: [NamedAmount] = []
  for amount in wire.resources {
    try Limit.word(amount.name, to: Limit.word, "resource")
    guard !Limit.reservedResources.contains(amount.name.lowercased()) else {
      throw .invalid(
        "resource \"\(amount.name)\" is not a countable one",
        wayOut: "cpus and memory have options of their own")
    }
    guard amount.count <= Limit.number else {
      throw .invalid(
        "\(amount.count) of resource \(amount.name) are above the limit of \(Limit.number)")
    }
    amounts.append(NamedAmount(name: amount.name, count: amount.count))
  }
  return amounts
}
