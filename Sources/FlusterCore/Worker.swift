/// Names one connection of a worker; the shell knows which.
package struct LinkID: Hashable, Comparable, Sendable {
  package let number: UInt64

  /// Wraps a number the shell chose; never used twice.
  package init(_ number: UInt64) { self.number = number }

  package static func < (a: LinkID, b: LinkID) -> Bool { a.number < b.number }
}

/// What a worker says of itself when it registers; the part the store keeps.
package struct WorkerRecord: Hashable, Sendable {
  /// The most workers one user has that may be given everybody's jobs (ten times as many as the
  /// largest pool that is measured).
  package static let mostTrusted = 10_000
  /// The most workers of their own other users have.
  package static let mostPersonal = 64

  package var id: WorkerID
  /// The uid that registered it first; no other may.
  package let owner: UserID
  /// 16 random bytes per process life.
  package let incarnation: AttemptUID
  /// The kernel's boot id.
  package let boot: String
  package let capacity: Amounts
  /// Limits it cannot enforce, by name.
  package let lacks: [String]
  package let software: String
  /// Sorted by name, each name once; the first of a name counts.
  package let attributes: [Attribute]
  /// Where the members of a gang reach each other: a host name or an address.
  package let address: String
  /// The worker ends its attempts itself after so long without contact; nil: it stands on the
  /// controller's own machine and never does.
  package let lease: Span?
  /// It is given jobs of its owner only: nobody has said that it may have those of others.
  package var isPersonal: Bool

  /// A registration as it came in.
  package init(
    id: WorkerID, owner: UserID, incarnation: AttemptUID, boot: String, capacity: Amounts,
    lacks: [String], software: String, attributes: [Attribute] = [], address: String = "localhost",
    lease: Span? = nil, isPersonal: Bool = false
  ) {
    self.id = id
    self.owner = owner
    self.incarnation = incarnation
    self.boot = boot
    self.capacity = capacity
    self.lacks = lacks
    self.software = software
    self.address = address
    self.lease = lease
    self.isPersonal = isPersonal
    var seen: Set<String> = []
    self.attributes = attributes.filter { seen.insert($0.name).inserted }
      .sorted { $0.name < $1.name }
  }
}

extension WorkerRecord {
  /// Whether jobs of this user may be given to it.
  func serves(_ user: UserID) -> Bool { !isPersonal || user == owner }
}

/// A worker the controller knows.
package struct Worker: Hashable, Sendable {
  package var record: WorkerRecord
  /// Its connection; nil while it has none.
  package var link: LinkID?
  /// The newest it has had in this life of the controller.
  package var newestLink: LinkID?
  /// Its open attempts in the order in which they were assigned.
  package var open: [AttemptUID] = []
  /// An administrator wants no new work here.
  package var isDrained = false
  /// It has missed several questions in a row; what it runs is left alone.
  package var isSilent = false
  /// Why it wants no new work itself, such as a full disk; nil: it is well.
  package var ailment: String?

  /// New work may be given to it.
  package var isUsable: Bool { link != nil && !isDrained && !isSilent && ailment == nil }

  /// A worker without a connection.
  package init(record: WorkerRecord) { self.record = record }
}
