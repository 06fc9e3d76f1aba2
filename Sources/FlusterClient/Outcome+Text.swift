package import FlusterCore
import FlusterSystem

extension Outcome {
  /// How it ended, in a phrase for people: `exit code 7`, `killed by signal 9 (KILL)`,
  /// `did not start: directory: /nonexistent: no such file or directory`.
  package var phrase: String {
    switch cause {
    case .exit:
      guard let exitCode else { return "ended" }
      return adding(exitCode == 0 ? "succeeded" : "exit code \(exitCode)")
    case .signal:
      guard let signal else { return adding("killed by a signal") }
      let name = Signal.name(signal).map { " (\($0))" } ?? ""
      return adding("killed by signal \(signal)\(name)")
    case .timeLimit: return adding("time limit reached" + ownEnd)
    case .memoryLimit: return adding("memory limit reached" + ownEnd)
    case .killed: return adding("killed" + ownEnd)
    case .preempted: return adding("preempted" + ownEnd)
    case .gang: return adding("ended with its gang" + ownEnd)
    case .workerLost: return adding("worker lost")
    case .start: return "did not start: " + startPhrase
    case .dependency: return adding("dependency not met")
    case .deadline: return adding("deadline passed")
    }
  }

  /// How the leader itself ended, where something else was the cause.
  private var ownEnd: String {
    if let exitCode { return " (exit code \(exitCode))" }
    if let signal { return " (signal \(signal)\(Signal.name(signal).map { ", \($0)" } ?? ""))" }
    return ""
  }

  /// The text tells what the reason is about; the error number is ours to put into words.
  private var startPhrase: String {
    var parts = [startReason?.word ?? "unknown reason"]
    if !text.isEmpty { parts.append(text) }
    if let startErrno, startErrno != 0 { parts.append(SystemError.reason(startErrno)) }
    return parts.joined(separator: ": ")
  }

  private func adding(_ phrase: String) -> String { text.isEmpty ? phrase : "\(phrase): \(text)" }
}
