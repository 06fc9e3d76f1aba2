import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc
import Logging

/// Resources whose pieces have numbers of their own, as GPUs have: which of them an attempt was
/// given. What one holds nobody else is given before it has ended, whether this worker lives on or
/// another life of it.
struct Indices {
  /// The numbers there are, by the name of the resource.
  var all: [String: [UInt32]]
  private let log: Logger
  private var claims: Claims

  /// Those that this worker gave in earlier lives are still given.
  init(runtime: String, worker: String, all: [String: [UInt32]], log: Logger) {
    self.all = all
    self.log = log
    claims = Claims(directory: "\(runtime)/claims/indices", worker: worker)
  }

  /// The lowest numbers that are free, as many as the attempt is charged. All or none are given.
  mutating func give(
    _ charge: WireNeeds, to uid: AttemptUID
  ) throws(AddressObstacle) -> [String: [UInt32]] {
    var given: [String: [UInt32]] = [:]
    for amount in charge.resources {
      guard let numbers = all[amount.name] else { continue }
      var found: [UInt32] = []
      for number in numbers where found.count < amount.count {
        do throws(SystemError) {
          if try claims.take("\(amount.name).\(number)", for: uid) { found.append(number) }
        } catch {
          take(from: uid)
          throw AddressObstacle(text: error.call, errno: error.errno)
        }
      }
      guard found.count == amount.count else {
        take(from: uid)
        throw AddressObstacle(
          text: "only \(found.count) of \(amount.count) \(amount.name) are not held by others",
          errno: EBUSY)
      }
      given[amount.name] = found
    }
    return given
  }

  /// The attempt has ended: what it held is free.
  mutating func take(from uid: AttemptUID) {
    for name in claims.names(of: uid) {
      do throws(SystemError) {
        try claims.drop(name, of: uid)
      } catch {
        log.warning("attempt \(uid) leaves \(name) behind: \(error)")
      }
    }
  }

  /// Only what these attempts hold is held.
  mutating func keep(only isActive: (AttemptUID) -> Bool) {
    for uid in claims.attempts where !isActive(uid) { take(from: uid) }
  }
}
