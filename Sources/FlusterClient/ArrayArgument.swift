package import FlusterProtocol

/// The argument of `fluster-submit -a`: `FIRST-LAST[:STEP][%N]`.
package enum ArrayArgument {
  /// The tasks of a list of `count` lines, numbered as these are; `word` may only be `%N`. Throws
  /// usage for anything else.
  package static func parse(_ word: String?, lines count: UInt32) throws(Failure) -> WireArray {
    var array = WireArray()
    (array.explicit, array.first, array.step, array.count) = (true, 1, 1, count)
    guard let word else { return array }
    guard word.hasPrefix("%"), let throttle = index(word.dropFirst()), throttle > 0 else {
      throw .usage(
        "-a: the tasks are the lines of --each-line, and \"\(word)\" is not how many run at once",
        wayOut: "write, for example, -a %4")
    }
    array.throttle = throttle
    return array
  }

  private static let forms = "write 1-100, 0-98:2 (every second) or 1-100%4 (four at once)"

  /// The array meant. Throws usage for what is malformed, and data for one without tasks.
  package static func parse(_ word: String) throws(Failure) -> WireArray {
    let malformed = Failure.usage("-a: \"\(word)\" is no range of indices", wayOut: forms)
    var array = WireArray()
    array.explicit = true
    let halves = word.split(separator: "%", omittingEmptySubsequences: false)
    guard (1...2).contains(halves.count) else { throw malformed }
    if halves.count == 2 {
      guard let throttle = index(halves[1]) else { throw malformed }
      guard throttle > 0 else {
        throw .usage("-a: an array cannot run 0 tasks at once", wayOut: forms)
      }
      array.throttle = throttle
    }
    let parts = halves[0].split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else { throw malformed }
    array.step = 1
    if parts.count == 2 {
      guard let step = index(parts[1]), step > 0 else { throw malformed }
      array.step = step
    }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(ends.count), let first = SelectorArgument.number(ends[0]),
      let last = SelectorArgument.number(ends[ends.count - 1])
    else { throw malformed }
    guard first <= last else {
      throw Failure(.data, "-a: \(first)-\(last) has no tasks: it ends before it begins")
    }
    guard let start = UInt32(exactly: first), last <= UInt64(UInt32.max) else {
      throw Failure(.data, "-a: the indices of \(word) do not fit into 32 bits")
    }
    guard let count = UInt32(exactly: (last - first) / UInt64(array.step) + 1) else {
      throw Failure(.data, "-a: \(word) has more tasks than an array may have")
    }
    array.first = start
    array.count = count
    return array
  }

  private static func index(_ digits: Substring) -> UInt32? {
    SelectorArgument.number(digits).flatMap(UInt32.init(exactly:))
  }
}
