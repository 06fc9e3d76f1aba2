import FlusterSystem
import Glibc
import Logging

extension Shim {
  /// Reads what an earlier shim left. Records are presented as they are; of an attempt without one
  /// everything that is still alive is ended first, and only then its loss is told.
  func takeOver() throws(SystemError) {
    for (uid, entries) in try surroundings.files.all() {
      let attempt = Attempt(uid: uid, entries: entries, bootID: surroundings.bootID)
      attempts[uid] = attempt
      guard !attempt.isOver else { continue }
      logger.warning("\(attempt.label) was left by a shim that died; ending what remains of it")
      sweep(uid)
    }
  }
}
