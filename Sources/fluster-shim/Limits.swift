import CFluster
import FlusterSystem
import Glibc

/// The shim's own resource limits as it found them: jobs get them back, and none gets more.
struct Limits {
  private var found: [UInt32: rlimit] = [:]
  private static let openFiles = UInt32(RLIMIT_NOFILE.rawValue)

  /// Remembers the limits, then lets the shim itself open as many files as it is allowed to.
  static func takeOver() -> Limits {
    var limits = Limits()
    for number in 0..<UInt32(ShimLimit.names.count) {
      var limit = rlimit()
      guard getrlimit(Int32(number), &limit) == 0 else { continue }
      limits.found[number] = limit
    }
    limits.raise()
    return limits
  }

  /// Has the shim open as many files as it may.
  func raise() {
    guard var limit = found[Self.openFiles] else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(Int32(Self.openFiles), &limit)
  }

  /// Leaves the limits as they were found, for a program that is to find them so.
  func giveBack() {
    guard var limit = found[Self.openFiles] else { return }
    setrlimit(Int32(Self.openFiles), &limit)
  }

  /// What to set in a job that asked for `asked`, with hard limits no better than `ceilings`.
  func clamped(_ asked: [ShimLimit], ceilings: [UInt32: UInt64]) -> [fl_limit] {
    var wanted: [UInt32: ShimLimit] = [:]
    for (number, limit) in found where number == Self.openFiles || ceilings[number] != nil {
      wanted[number] = ShimLimit(
        resource: number, soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
    }
    for limit in asked { wanted[limit.resource] = limit }
    return wanted.values.sorted { $0.resource < $1.resource }.map { limit in
      let own = found[limit.resource].map { UInt64($0.rlim_max) } ?? UInt64.max
      let hard = min(limit.hard, own, ceilings[limit.resource] ?? UInt64.max)
      return fl_limit(resource: limit.resource, soft: min(limit.soft, hard), hard: hard)
    }
  }
}
