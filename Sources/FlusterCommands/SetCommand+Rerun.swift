import FlusterClient
import FlusterProtocol
import FlusterSystem

extension SetCommand {
  /// Submits once more what each of the jobs asked for, and prints the ids of the new ones.
  func rerun(_ words: [String], _ voice: Voice) throws(Failure) -> Int32 {
    let selectors = try SelectorArgument.parse(all: words)
    for selector in selectors {
      if case .nameGlob(let pattern)? = selector.kind {
        throw .usage(
          "name:\(pattern) may stand for many jobs, and each would be run again",
          wayOut: "name them: fluster-ls -q -A name:\(pattern) | fluster-set - rerun")
      }
    }
    guard !selectors.isEmpty else {
      voice.notice("no ids on standard input")
      return ExitStatus.done.rawValue
    }
    var session = try session(voice)
    for selector in selectors {
      var request = WireRerun()
      request.selector = selector
      // However often it is sent, it is one job.
      request.token = .of(Entropy.bytes(16))
      guard case .submitted(let answer) = try session.call(.rerun(request)) else {
        throw Failure(.internal, "flusterd answered something else than asked")
      }
      for notice in answer.notices { voice.notice(notice) }
      try StandardStream.print("\(answer.job)")
    }
    return ExitStatus.done.rawValue
  }
}
