import FlusterCore

/// What the attempts of the chaos wrote down.
struct ChaosLedger {
  /// What one attempt wrote.
  struct Entry {
    let job: UInt64
    let index: UInt32
    let number: UInt32
    let worker: String
    /// Nil: it came to no end of its own. `signal`: it killed itself; else its exit code.
    var end: String?
  }

  private(set) var entries: [AttemptUID: Entry] = [:]
  /// Lines that make no sense.
  private(set) var trouble: [String] = []
  /// The uids of what started, by task, in the order of the lines.
  private(set) var starts: [String: [AttemptUID]] = [:]

  /// Reads the whole file.
  init(_ text: String) {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count >= 6, let uid = AttemptUID(hex: words[0]), let job = UInt64(words[1]),
        let index = UInt32(words[2]), let number = UInt32(words[3])
      else {
        trouble.append("the ledger has a line: \(line)")
        continue
      }
      switch (words[5], entries[uid]) {
      case ("start", nil):
        entries[uid] = Entry(job: job, index: index, number: number, worker: words[4])
        starts["\(job).\(index)", default: []].append(uid)
      case ("end", let entry?) where entry.end == nil && words.count == 7:
        entries[uid]?.end = words[6]
      case (_, _): trouble.append("out of turn in the ledger: \(line)")
      }
    }
  }
}
