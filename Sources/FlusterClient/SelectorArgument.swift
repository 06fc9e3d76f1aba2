package import FlusterProtocol
import Glibc

/// The ways to name jobs and tasks on a command line.
package enum SelectorArgument {
  /// Shown with whatever is refused.
  package static let forms =
    "name jobs by 42, 42.7, 42.1-9, name:GLOB, key:KEY, @last or - (standard input)"

  /// One selector. Throws usage for what is none.
  package static func parse(_ word: String) throws(Failure) -> WireSelector {
    var selector = WireSelector()
    if word == "@last" {
      selector.newest = true
      return selector
    }
    if word.hasPrefix("name:") {
      let glob = word.dropFirst("name:".count)
      guard !glob.isEmpty else { throw .usage("\"\(word)\" names no jobs", wayOut: forms) }
      selector.nameGlob = String(glob)
      return selector
    }
    if word.hasPrefix("key:") {
      let key = word.dropFirst("key:".count)
      guard !key.isEmpty else { throw .usage("\"\(word)\" names no job", wayOut: forms) }
      selector.key = String(key)
      return selector
    }
    guard let tasks = tasks(word) else {
      throw .usage("\"\(word)\" is no job id", wayOut: forms)
    }
    selector.tasks = tasks
    return selector
  }

  /// All operands; `-` stands for the ids on standard input, the first word of each line.
  ///
  /// Throws usage for a bad operand, and data for a bad line.
  package static func parse(all words: [String]) throws(Failure) -> [WireSelector] {
    var selectors: [WireSelector] = []
    var hasRead = false
    for word in words {
      guard word == "-" else {
        selectors.append(try parse(word))
        continue
      }
      if !hasRead { selectors += try parse(lines: readStandardInput()) }
      hasRead = true
    }
    return selectors
  }

  /// The selectors at the beginnings of lines; blank lines are passed over.
  package static func parse(lines text: [UInt8]) throws(Failure) -> [WireSelector] {
    var selectors: [WireSelector] = []
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let words = line.split { $0 == UInt8(ascii: " ") || $0 == 9 || $0 == 13 }
      guard let first = words.first else { continue }
      let word = String(decoding: first, as: UTF8.self)
      do {
        selectors.append(try parse(word))
      } catch {
        throw Failure(
          .data, "line \(index + 1) of standard input: \(error.message)", wayOut: error.wayOut)
      }
    }
    return selectors
  }

  private static func tasks(_ word: String) -> WireSelector.Tasks? {
    var tasks = WireSelector.Tasks()
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let job = number(parts[0]) else { return nil }
    tasks.job = job
    guard parts.count == 2 else { return tasks }
    let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(ends.count), let first = number(ends[0]).flatMap(UInt32.init(exactly:)),
      let last = number(ends[ends.count - 1]).flatMap(UInt32.init(exactly:)), first <= last
    else { return nil }
    tasks.first = first
    tasks.last = last
    return tasks
  }

  /// Whether a word is made of digits; `UInt64.init` alone would take a sign.
  package static func isNumber(_ word: some StringProtocol) -> Bool {
    !word.isEmpty && word.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  static func number(_ digits: Substring) -> UInt64? {
    isNumber(digits) ? UInt64(digits) : nil
  }

  private static func readStandardInput() throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(0, &buffer, buffer.count)
      if count == 0 { return bytes }
      if count > 0 {
        bytes += buffer[..<count]
      } else if errno != EINTR {
        throw Failure(.data, "cannot read standard input")
      }
    }
  }
}

extension WireSelector {
  /// As the user writes it.
  package var text: String {
    switch kind {
    case .tasks(let tasks):
      guard tasks.hasFirst else { return "\(tasks.job)" }
      return tasks.first == tasks.last
        ? "\(tasks.job).\(tasks.first)" : "\(tasks.job).\(tasks.first)-\(tasks.last)"
    case .nameGlob(let glob): return "name:\(glob)"
    case .key(let key): return "key:\(key)"
    case .newest: return "@last"
    case nil: return "nothing"
    }
  }

  /// Names tasks of its job rather than the whole of it.
  package var namesTasks: Bool {
    if case .tasks(let tasks) = kind { return tasks.hasFirst }
    return false
  }

  /// The jobs that it names tasks of.
  package var wholeJob: WireSelector {
    guard case .tasks(var tasks) = kind else { return self }
    tasks.clearFirst()
    tasks.clearLast()
    var whole = self
    whole.tasks = tasks
    return whole
  }

  /// Means different jobs at different times.
  package var depends: Bool {
    switch kind {
    case .tasks, nil: false
    case .nameGlob, .key, .newest: true
    }
  }
}
