package import FlusterCore

/// The versions of this build.
package enum FlusterVersion {
  /// The software's version, for people; `--version` prints it and Hello carries it.
  package static let software = "0.1.0"
  /// The newest protocol version this build speaks.
  package static let newest: UInt32 = 1
  /// The oldest one it still speaks.
  package static let oldest: UInt32 = 1
}

/// One side of a conversation: the protocol versions it speaks, and how to name it to people.
package struct Speaker: Hashable, Sendable, CustomStringConvertible {
  /// Its software version, as it said it.
  package let software: String
  package let oldest: UInt32
  package let newest: UInt32

  /// What this build speaks.
  package static let ours = Speaker(
    software: FlusterVersion.software, oldest: FlusterVersion.oldest,
    newest: FlusterVersion.newest)

  /// Versions as they are; `oldest` at most `newest`.
  package init(software: String, oldest: UInt32, newest: UInt32) {
    precondition(oldest <= newest, "the oldest version a side speaks is not above its newest")
    self.software = software
    self.oldest = oldest
    self.newest = newest
  }

  /// What a Hello says. An absent oldest version means that there is only the newest.
  ///
  /// Throws invalid-argument for a Hello without a version or with the two the wrong way round.
  package init(wire: WireHello) throws(Refusal) {
    guard wire.version > 0 else {
      throw Refusal(.invalidArgument, "the hello names no protocol version")
    }
    let oldest = wire.oldestVersion == 0 ? wire.version : wire.oldestVersion
    guard oldest <= wire.version else {
      throw Refusal(
        .invalidArgument,
        "the hello's oldest version \(oldest) is above its newest, \(wire.version)")
    }
    self.init(
      software: Limit.cleaned(wire.software, to: Limit.word), oldest: oldest,
      newest: wire.version)
  }

  package var description: String {
    let versions = oldest == newest ? "\(newest)" : "\(oldest) to \(newest)"
    return "fluster \(software.isEmpty ? "(of unknown version)" : software), protocol \(versions)"
  }

  /// The newest version both sides speak.
  ///
  /// Throws failed-precondition with a sentence that names both sides if there is none.
  package func agree(with other: Speaker) throws(Refusal) -> UInt32 {
    let agreed = min(newest, other.newest)
    guard agreed >= max(oldest, other.oldest) else {
      throw Refusal(
        .failedPrecondition, "\(self) here and \(other) there have no version in common",
        wayOut: "install the same version of fluster on both sides and restart the daemons")
    }
    return agreed
  }
}

extension WireHello {
  /// The first frame of this build in the given role.
  package init(role: Role) {
    self.init()
    version = FlusterVersion.newest
    oldestVersion = FlusterVersion.oldest
    software = FlusterVersion.software
    self.role = role
  }
}
