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

  /// What to set in a job that asked for `asked`, with hard limits no better than `ceilings`: less
  /// what it inherits anyway, which is nearly all of it, and a call each.
  func clamped(_ asked: [ShimLimit], ceilings: [UInt32: UInt64]) -> [fl_limit] {
    var wanted: [UInt32: ShimLimit] = [:]
    for (number, limit) in found where number == Self.openFiles || ceilings[number] != nil {
      wanted[number] = ShimLimit(
        resource: number, soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
    }
    for limit in asked { wanted[limit.resource] = limit }
    return wanted.values.sorted { $0.resource < $1.resource }.compactMap { limit in
      let own = found[limit.resource]
      let ceiling = min(
        own.map { UInt64($0.rlim_max) } ?? UInt64.max, ceilings[limit.resource] ?? UInt64.max)
      let hard = min(limit.hard, ceiling)
      let soft = min(limit.soft, hard)
      // That of open files is another here, as it was raised.
      if let own, limit.resource != Self.openFiles, soft == own.rlim_cur, hard == own.rlim_max {
        return nil
      }
      return fl_limit(resource: limit.resource, soft: soft, hard: hard)
    }
  }
}
