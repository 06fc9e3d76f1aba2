import FlusterProtocol
import FlusterSystem

/// What is done with the lines of an attempt, and whose they are. It stands in front of the
/// attempt's ledger, so that a new worker knows it before flusterd has told it anything.
struct OutputLabel: Equatable {
  /// Each line begins with the time.
  var isTimed: Bool
  /// `NAME=value`: what every line's entry in the journal says; empty: nothing goes there.
  var fields: [[UInt8]]

  /// Takes the values as they are.
  init(isTimed: Bool, fields: [[UInt8]]) {
    self.isTimed = isTimed
    self.fields = fields
  }

  /// For the attempt that `run` is about.
  init(run: WireRun, worker: String, ownerName: String) {
    isTimed = run.launch.timestamps
    fields = []
    guard run.launch.journal else { return }
    var pairs = [
      ("SYSLOG_IDENTIFIER", run.name), ("FLUSTER_JOB_ID", "\(run.job)"),
      ("FLUSTER_JOB_NAME", run.name), ("FLUSTER_ATTEMPT", "\(run.number)"),
      ("FLUSTER_ATTEMPT_UID", ShimSpawn.hexadecimal(run.uid.array)),
      ("FLUSTER_USER", ownerName.isEmpty ? "\(run.owner)" : ownerName), ("FLUSTER_WORKER", worker),
    ]
    if run.taskCount > 1 || run.explicit { pairs.append(("FLUSTER_TASK", "\(run.index)")) }
    fields = pairs.map { Array("\($0)=\($1)".utf8) }
  }

  /// Reads what `bytes` wrote; nil for anything else.
  init?(bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
    guard let first = parts.first, parts.count >= 2, parts[parts.count - 1].isEmpty,
      first.elementsEqual("timed".utf8) || first.elementsEqual("plain".utf8)
    else { return nil }
    isTimed = first.elementsEqual("timed".utf8)
    fields = parts.dropFirst().dropLast().map { Array($0) }
  }

  /// Strings that end with a zero byte; a name has none.
  var bytes: [UInt8] {
    ([Array((isTimed ? "timed" : "plain").utf8)] + fields).flatMap { $0.filter { $0 != 0 } + [0] }
  }
}
