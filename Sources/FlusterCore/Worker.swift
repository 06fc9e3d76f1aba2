/// Names one connection of a worker; the shell knows which.
package struct LinkID: Hashable, Comparable, Sendable {
  package let number: UInt64

  /// Wraps a number the shell chose; never used twice.
  package init(_ number: UInt64) { self.number = number }

  package static func < (a: LinkID, b: LinkID) -> Bool { a.number < b.number }
}

/// What a worker says of itself when it registers; the part the store keeps.
package struct WorkerRecord: Hashable, Sendable {
  package let id: WorkerID
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

  /// A registration as it came in.
  package init(
    id: WorkerID, owner: UserID, incarnation: AttemptUID, boot: String, capacity: Amounts,
    lacks: [String], software: String
  ) {
    self.id = id
    self.owner = owner
    self.incarnation = incarnation
    self.boot = boot
    self.capacity = capacity
    self.lacks = lacks
    self.software = software
  }
}

/// A worker the controller knows.
package struct Worker: Hashable, Sendable {
  package var record: WorkerRecord
  /// Its connection; nil while it has none.
  package var link: LinkID?
  /// Its open attempts in the order in which they were assigned.
  package var open: [AttemptUID] = []

  /// A worker without a connection.
  package init(record: WorkerRecord) { self.record = record }
}
