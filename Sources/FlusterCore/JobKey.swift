/// A caller's name for one intention: submitting under it twice gives one job.
package struct JobKey: Hashable, Sendable {
  package let name: String
  /// What was asked for under it.
  package let digest: RequestDigest
  /// The job with the same key that this one took the place of. Nothing of this one starts while
  /// that is unfinished.
  package var replaces: JobID?

  /// A key for a request with this digest.
  package init(name: String, digest: RequestDigest, replaces: JobID? = nil) {
    self.name = name
    self.digest = digest
    self.replaces = replaces
  }
}

/// What tells one request from another: 128 bits of a hash over what counts of it.
package struct RequestDigest: Hashable, Sendable {
  package let value: AttemptUID

  /// Wraps 128 bits of a hash.
  package init(_ value: AttemptUID) { self.value = value }
}

/// How a submit under a key takes a job that has it already.
package struct Once: Hashable, Sendable {
  /// Which jobs are in its way.
  package enum Scope: String, Sendable, CaseIterable {
    /// Every job whose record is kept.
    case ever
    /// Only unfinished ones.
    case live
  }

  /// What becomes of the submit then.
  package enum IfExists: String, Sendable, CaseIterable {
    /// It is answered with the job that exists, if that asked for the same.
    case `return`
    /// It is refused.
    case fail
    /// The job that exists is ended, and the new one starts when that is gone.
    case replace
  }

  package let scope: Scope
  package let ifExists: IfExists
  /// What the store knows of the key: the core keeps no ended jobs. Nil: nothing.
  package var stored: StoredKey?

  /// As usual.
  package init(scope: Scope = .ever, ifExists: IfExists = .return, stored: StoredKey? = nil) {
    self.scope = scope
    self.ifExists = ifExists
    self.stored = stored
  }
}

/// A job and what was asked for with it.
package struct KeyHolder: Hashable, Sendable {
  package let job: JobID
  package let digest: RequestDigest

  /// A job that was submitted under a key.
  package init(job: JobID, digest: RequestDigest) {
    self.job = job
    self.digest = digest
  }
}

/// What the store knows of a key.
package struct StoredKey: Hashable, Sendable {
  /// The newest job under it that is kept.
  package let holder: KeyHolder?
  /// The number of the next job there: what was made before and is not told has been forgotten.
  package let next: JobID

  /// An answer of the store.
  package init(holder: KeyHolder?, next: JobID) {
    self.holder = holder
    self.next = next
  }
}

/// A key as the index knows it: each user has keys of their own.
package struct OwnedKey: Hashable, Sendable {
  package let owner: UserID
  package let name: String

  /// A user's key.
  package init(owner: UserID, name: String) {
    self.owner = owner
    self.name = name
  }
}

extension JobRequest {
  /// The key it was submitted under, if it was.
  package var ownedKey: OwnedKey? {
    guard hasOptions else { return nil }
    return options.key.map { OwnedKey(owner: owner, name: $0.name) }
  }
}
