/// A countable thing a worker has and a task needs: licences, GPUs, tape drives.
package struct NamedAmount: Hashable, Sendable {
  package let name: String
  package let count: UInt64

  /// So many of what is called `name`.
  package init(name: String, count: UInt64) {
    self.name = name
    self.count = count
  }
}

/// What one task of a job asks for.
package struct Requirement: Hashable, Sendable {
  /// Thousandths of a processor.
  package let cpuMillis: UInt64
  /// Bytes; nil charges the cpu's share of the worker's memory and enforces nothing.
  package let memoryBytes: UInt64?
  /// Sorted by name, without zero counts.
  package let named: [NamedAmount]
  /// What the worker's attributes must or should be.
  package let constraints: [Constraint]

  /// Brings named amounts into order, adds up what is named twice and drops what counts nothing.
  package init(
    cpuMillis: UInt64, memoryBytes: UInt64? = nil, named: [NamedAmount] = [],
    constraints: [Constraint] = []
  ) {
    self.cpuMillis = cpuMillis
    self.memoryBytes = memoryBytes
    self.constraints = constraints
    self.named =
      named.isEmpty ? [] : Amounts(cpuMillis: 0, memoryBytes: 0, named: named).named
  }
}

/// Definite quantities: what a worker has, what is free, what an attempt is charged.
package struct Amounts: Hashable, Sendable {
  package var cpuMillis: UInt64
  package var memoryBytes: UInt64
  /// Sorted by name, without zero counts.
  package private(set) var named: [NamedAmount]

  /// Nothing at all.
  package static let none = Amounts(cpuMillis: 0, memoryBytes: 0)

  /// Brings named amounts into order, adds up what is named twice and drops what counts nothing.
  package init(cpuMillis: UInt64, memoryBytes: UInt64, named: [NamedAmount] = []) {
    self.cpuMillis = cpuMillis
    self.memoryBytes = memoryBytes
    self.named = []
    for amount in named.sorted(by: { $0.name < $1.name }) where amount.count > 0 {
      if let last = self.named.last, last.name == amount.name {
        self.named[self.named.count - 1] = NamedAmount(
          name: last.name, count: saturatingSum(last.count, amount.count))
      } else {
        self.named.append(amount)
      }
    }
  }

  /// How many of what is called `name`.
  package func count(of name: String) -> UInt64 {
    named.first { $0.name == name }?.count ?? 0
  }

  /// Adds, without overflow.
  package mutating func add(_ other: Amounts) {
    self = Amounts(
      cpuMillis: saturatingSum(cpuMillis, other.cpuMillis),
      memoryBytes: saturatingSum(memoryBytes, other.memoryBytes),
      named: other.named.isEmpty ? named : named + other.named)
  }

  /// Takes away; what would fall below nothing becomes nothing, as on a worker that came back
  /// smaller than what it runs.
  package mutating func subtract(_ other: Amounts) {
    cpuMillis -= min(cpuMillis, other.cpuMillis)
    memoryBytes -= min(memoryBytes, other.memoryBytes)
    guard !other.named.isEmpty else { return }
    named = named.compactMap { have in
      let left = have.count - min(have.count, other.count(of: have.name))
      return left == 0 ? nil : NamedAmount(name: have.name, count: left)
    }
  }

  /// Whether `charge` is available here.
  package func covers(_ charge: Amounts) -> Bool {
    charge.cpuMillis <= cpuMillis && charge.memoryBytes <= memoryBytes
      && charge.named.allSatisfy { $0.count <= count(of: $0.name) }
  }
}

extension Requirement {
  /// What a task with this requirement is charged on a worker of `capacity`.
  ///
  /// Unset memory is the cpu's share of the worker's memory, rounded down, so that a worker full of
  /// such tasks is just full.
  package func charge(on capacity: Amounts) -> Amounts {
    let memory: UInt64
    if let memoryBytes {
      memory = memoryBytes
    } else if capacity.cpuMillis == 0 {
      memory = 0
    } else {
      let (high, low) = capacity.memoryBytes.multipliedFullWidth(
        by: min(cpuMillis, capacity.cpuMillis))
      memory = capacity.cpuMillis.dividingFullWidth((high, low)).quotient
    }
    return Amounts(cpuMillis: cpuMillis, memoryBytes: memory, named: named)
  }
}

/// The sum, or the largest number there is.
func saturatingSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? .max : sum
}
