import FlusterCore
package import FlusterProtocol

/// The argument of `--state`: states by name, several with commas between them.
package enum StateArgument {
  /// All states named by any of the words. Throws usage for what is none.
  package static func parse(all words: [String]) throws(Failure) -> [WireState] {
    var states: [WireState] = []
    for word in words {
      for name in word.split(separator: ",", omittingEmptySubsequences: false) {
        guard let state = TaskState.allCases.first(where: { $0.word == name }) else {
          let all = TaskState.allCases.map(\.word).joined(separator: ", ")
          throw .usage("--state: \"\(name)\" is no state", wayOut: "the states are \(all)")
        }
        states.append(WireState(state))
      }
    }
    return states
  }
}
