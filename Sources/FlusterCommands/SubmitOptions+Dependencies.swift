import FlusterClient
import FlusterCore
import FlusterProtocol

extension SubmitOptions.Order {
  /// What the job is to wait for, as it was named.
  ///
  /// Throws usage for what names nothing.
  func dependencies() throws(Failure) -> [WireDependency] {
    var found: [WireDependency] = []
    for (kind, lists) in [
      (Dependency.Kind.after, after), (.afterOK, afterOk), (.afterFail, afterFail),
    ] {
      let words = lists.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
      do {
        for selector in try SelectorArgument.parse(all: words.map(String.init)) {
          found.append(WireDependency(kind, selector))
        }
      } catch {
        throw Failure(error.status, "\(kind.option): \(error.message)", wayOut: error.wayOut)
      }
    }
    return found
  }
}
