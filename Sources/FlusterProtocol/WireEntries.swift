package import FlusterCore

extension WireEntries {
  /// How many entries it has. Throws invalid-argument for what is none, or too long.
  package func checkedCount() throws(Refusal) -> Int {
    let limit = Limit.entriesAtOnce + Limit.entry + 1
    guard entries.count <= limit else {
      throw .invalid("\(entries.count) bytes of entries at once are above the limit of \(limit)")
    }
    let bytes = entries.array
    guard bytes.last == 0 else { throw .invalid("the last entry does not end with a zero byte") }
    var (count, start) = (0, 0)
    for place in bytes.indices where bytes[place] == 0 {
      guard place - start <= Limit.entry else {
        throw .invalid("an entry has \(place - start) bytes; the limit is \(Limit.entry)")
      }
      (count, start) = (count + 1, place + 1)
    }
    return count
  }
}

/// Refuses entries that cannot be those of the tasks.
func checkEntries(_ launch: WireLaunch) throws(Refusal) {
  guard launch.hasEntries else { return }
  guard launch.entries.hash.count == 32 else {
    throw .invalid("the hash of the entries has \(launch.entries.hash.count) bytes instead of 32")
  }
  guard launch.entries.bytes <= Limit.entries else {
    throw .invalid(
      "the entries have \(launch.entries.bytes) bytes; the limit is \(Limit.entries)",
      wayOut: "submit the list in parts, or put what is long into files and list their names")
  }
}

extension WireLaunch {
  /// argv with the entry in the place of each {} that stands for it.
  package func argv(with entry: [UInt8]) -> [[UInt8]] {
    argv.enumerated().map { place, word in
      place < entries.firstWord ? word.array : Self.replaced(word.array, by: entry)
    }
  }

  private static func replaced(_ word: [UInt8], by entry: [UInt8]) -> [UInt8] {
    guard word.contains(UInt8(ascii: "{")) else { return word }
    var result: [UInt8] = []
    var rest = word[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "{"), rest.first == UInt8(ascii: "}") {
        rest.removeFirst()
        result += entry
      } else {
        result.append(byte)
      }
    }
    return result
  }
}
