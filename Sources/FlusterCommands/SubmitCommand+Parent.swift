package import FlusterClient
package import FlusterCore
import FlusterSystem

/// Whether the job becomes the child of a job in which this command runs.
extension SubmitCommand {
  /// The attempt to name as the parent: that of the surrounding job, unless it is not wanted or
  /// belongs to another flusterd than the one that is asked.
  package func parent(of caller: Caller, _ voice: Voice) throws(Failure) -> AttemptUID? {
    guard !tree.detach, let word = caller.variable("FLUSTER_ATTEMPT_UID") else { return nil }
    guard let uid = AttemptUID(hex: word) else {
      voice.notice("FLUSTER_ATTEMPT_UID is \"\(word)\", which is no attempt; this is a root job")
      return nil
    }
    // Without --socket the flusterd that the environment names is asked, and knows its attempts.
    guard let option = shared.socket, let around = caller.variable("FLUSTER_SOCKET") else {
      return uid
    }
    let asked = try Instance.choose(option: option).path
    let own = (try? Instance.choose(option: around))?.path ?? around
    guard asked == own || Files.areSame(asked, own) else {
      voice.detail("the surrounding job is of the flusterd at \(own); this is a root job")
      return nil
    }
    return uid
  }
}
