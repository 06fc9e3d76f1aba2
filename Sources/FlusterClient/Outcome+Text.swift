package import FlusterCore
import FlusterSystem

extension Outcome {
  /// How it ended, in a phrase for people: `exit code 7`, `killed by signal 9 (KILL)`,
  /// `did not start: directory: /nonexistent: no such file or directory`.
  package var phrase: String { phrase(of: nil) }

  /// The same; `subject` tells for a reason not to start what it is about, as far as that is known
  /// and the text does not tell it.
  package func phrase(of subject: ((StartReason) -> String?)?) -> String {
    switch cause {
    case .exit:
      guard let exitCode else { return "ended" }
      return adding(exitCode == 0 ? "succeeded" : "exit code \(exitCode)")
    case .signal: return adding(signal.map { "killed by signal \(Signal.text($0))" } ?? "signal")
    case .timeLimit: return adding("time limit reached" + ownEnd)
    case .memoryLimit: return adding("memory limit reached" + ownEnd)
    case .killed: return adding("killed" + ownEnd)
    case .preempted: return adding("preempted" + ownEnd)
    case .gang: return adding("ended with its gang" + ownEnd)
    case .workerLost: return adding("worker lost")
    case .start: return "did not start: " + startPhrase(subject)
    case .dependency: return adding("dependency failed")
    case .deadline: return adding("deadline passed")
    }
  }

  /// How the leader itself ended, where something else was the cause.
  private var ownEnd: String {
    if let exitCode { return " (exit code \(exitCode))" }
    if let signal { return " (signal \(Signal.text(signal)))" }
    return ""
  }

  private func startPhrase(_ subject: ((StartReason) -> String?)?) -> String {
    var parts = [startReason?.word ?? "unknown reason"]
    if !text.isEmpty {
      parts.append(text)
    } else {
      if let startReason, let object = subject?(startReason) { parts.append(object) }
      if let startErrno, startErrno != 0 { parts.append(SystemError.reason(startErrno)) }
    }
    return parts.joined(separator: ": ")
  }

  private func adding(_ phrase: String) -> String { text.isEmpty ? phrase : "\(phrase): \(text)" }
}
