import FlusterSystem
import Glibc
import Logging

/// Whole processors. What an attempt has to itself stands in the attempt, so that what is left is
/// always what the attempts that are held leave.
extension Shim {
  /// What an attempt that asks for whole processors gets of those that nobody has; nil for another,
  /// and where there are none.
  func ownProcessors(for spawn: ShimSpawn) -> ProcessorSet? {
    guard spawn.wantsProcessors, let all = surroundings.groups?.processors else { return nil }
    let own = all.without(taken).first(spawn.cpuMillis / 1000)
    if own == nil {
      logger.warning("there are not as many processors as the worker gives away; they are shared")
    }
    return own
  }

  /// What is left for those that have no processor to themselves: all where none is left. Nil where
  /// nobody has any, or nobody can.
  var sharedProcessors: ProcessorSet? {
    taken.isEmpty ? nil : surroundings.groups?.processors.map(left)
  }

  /// Has those that have no processor to themselves share what is left.
  func shareProcessors() {
    guard let shared = surroundings.groups?.processors.map(left) else { return }
    for attempt in attempts.values where !attempt.isOver && attempt.processors == nil {
      guard let failure = attempt.cgroup?.confine(to: shared), failure != 0 else { continue }
      logger.error("cannot confine \(attempt.label): \(SystemError.reason(failure))")
    }
  }

  private func left(of all: ProcessorSet) -> ProcessorSet {
    let rest = all.without(taken)
    return rest.numbers.isEmpty ? all : rest
  }

  private var taken: [Int] { attempts.values.flatMap { $0.processors?.numbers ?? [] } }
}
