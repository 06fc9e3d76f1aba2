import FlusterClient
import FlusterCore
import FlusterProtocol

extension Session {
  /// Replaces selectors that mean different jobs at different times (`@last`, `name:GLOB`,
  /// `key:KEY`) by the jobs they mean now, so that a repeated question is about the same ones.
  mutating func settle(
    _ selectors: [WireSelector], until deadline: Instant? = nil
  ) throws(Failure) -> [WireSelector] {
    guard selectors.contains(where: \.depends) else { return selectors }
    var settled: [WireSelector] = []
    for selector in selectors {
      guard selector.depends else {
        settled.append(selector)
        continue
      }
      var list = WireList()
      list.selectors = [selector]
      list.allAges = true
      let jobs = try listing(list, until: deadline).jobs
      guard !jobs.isEmpty else { throw Failure(.notFound, "\(selector.text) names no job") }
      for job in jobs {
        var one = WireSelector()
        one.tasks.job = job.job
        settled.append(one)
      }
    }
    return settled
  }
}
