import FlusterCore
import FlusterSystem
import Logging

/// Output that goes through this worker line by line: its end comes before the attempt's.
extension Worker {
  /// Takes over the pipes of an attempt; its log came before them.
  func relay(_ uid: [UInt8], _ descriptors: [Descriptor], errors: Bool) {
    guard descriptors.count == (errors ? 5 : 4), let log = logs.file(of: uid, errors: false) else {
      return self.log.error("the output of attempt \(ShimSpawn.hexadecimal(uid)) is not complete")
    }
    output.adopt(
      OutputRelay.Parts(
        uid: uid, ledger: descriptors[0], asideReader: descriptors[1],
        asideWriter: descriptors[2], streams: Array(descriptors[3...]), log: log))
  }

  /// All output of an attempt is written: now its end may be known.
  func drained(_ uid: [UInt8]) {
    guard let (tag, record) = draining.removeValue(forKey: uid) else { return }
    ended(uid, of: tag, record)
    readyIfDrained()
    finishTurn()
  }
}
