import FlusterTesting
import Testing

/// What every target but the core may import.
private let system: Set<String> = ["Glibc", "Synchronization"]

/// What each target may import beside those. The build refuses an import
/// of a target that is not a dependency at all; it does not see one that comes in through another.
private let layers: [String: Set<String>] = [
  "FlusterCore": ["HeapModule"],
  "FlusterProtocol": ["FlusterCore", "SwiftProtobuf"],
  "FlusterStore": ["FlusterCore", "CSQLite", "DequeModule"],
  "FlusterSystem": ["CFluster"],
  "FlusterSystemd": ["FlusterSystem", "CSystemd", "Logging"],
  "FlusterClient": ["FlusterCore", "FlusterProtocol", "FlusterSystem", "ArgumentParser"],
  "FlusterCommands": [
    "FlusterClient", "FlusterCore", "FlusterProtocol", "FlusterSystem", "ArgumentParser",
  ],
  "flusterd": [
    "FlusterCore", "FlusterDaemon", "FlusterProtocol", "FlusterStore", "FlusterSystem",
    "FlusterSystemd", "FlusterWorker", "ArgumentParser", "DequeModule", "Logging",
  ],
  "fluster-worker": [
    "FlusterCore", "FlusterProtocol", "FlusterSystem", "FlusterSystemd", "FlusterWorker",
    "ArgumentParser", "Logging",
  ],
  "fluster-web": [
    "CMicrohttpd", "FlusterClient", "FlusterCommands", "FlusterCore", "FlusterDaemon",
    "FlusterProtocol", "FlusterSystem", "FlusterSystemd", "FlusterWeb", "ArgumentParser",
  ],
  "fluster-shim": ["CFluster", "FlusterSystem", "FlusterSystemd", "Logging"],
]

@Suite("the layers")
struct LayerTests {
  @Test("a target imports what its layer may and nothing else")
  func imports() {
    var wrong: [String] = []
    for target in names(in: "\(Repository.root)/Sources") {
      let isCore = target == "FlusterCore"
      let allowed = (layers[target] ?? ["FlusterCommands"]).union(isCore ? [] : system)
      for file in Repository.files(in: "Sources/\(target)", ending: ".swift") {
        wrong += file.lines { line in
          guard let match = line.prefixMatch(of: /(?:@\w+(?:\([^)]*\))? )*(?:\w+ )?import (.+)/)
          else { return false }
          let words = match.1.split(separator: " ")
          let module = (words.count > 1 ? words[1] : words[0]).prefix { $0 != "." }
          return !allowed.contains(String(module))
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
  }
}
