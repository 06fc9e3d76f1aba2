import FlusterCore

/// Entries of the feed as one blob: the words they use, each once, then entry after entry.
///
/// An entry is a number that says which of its optional parts are there, the number of its kind's
/// word, the time since the entry before, and the parts.
enum PackedFeed {
  /// So many entries make a row at most: what is read and decoded at once.
  static let mostEntries = 512

  fileprivate struct Parts: OptionSet {
    let rawValue: UInt64
    static let subject = Parts(rawValue: 1)
    static let tasks = Parts(rawValue: 2)
    static let attempt = Parts(rawValue: 4)
    static let worker = Parts(rawValue: 8)
    static let state = Parts(rawValue: 16)
    static let cause = Parts(rawValue: 32)
    static let status = Parts(rawValue: 64)
    static let by = Parts(rawValue: 128)
    static let text = Parts(rawValue: 256)
    static let all = Parts(rawValue: 511)
  }

  static func pack(_ entries: some Sequence<FeedEntry>) -> [UInt8] {
    var packer = Packer()
    for entry in entries { packer.append(entry) }
    return packer.bytes
  }

  static func unpack(_ bytes: UnsafeBufferPointer<UInt8>) -> [FeedEntry]? {
    var reader = PackedFeedReader(bytes)
    return reader.entries()
  }

  private struct Packer {
    private var words: [String] = []
    private var places: [String: UInt64] = [:]
    private var body: [UInt8] = []
    private var time: Int64 = 0

    var bytes: [UInt8] {
      var bytes: [UInt8] = []
      Packed.append(UInt64(words.count), to: &bytes)
      for word in words { Packed.append(word, to: &bytes) }
      return bytes + body
    }

    mutating func append(_ entry: FeedEntry) {
      let place = body.count
      var parts: Parts = []
      append(entry.kind.rawValue)
      // Clocks go backwards, too: the sign is the lowest bit.
      let change = entry.at.milliseconds &- time
      time = entry.at.milliseconds
      append(UInt64(bitPattern: change << 1 ^ change >> 63))
      if let subject = entry.subject {
        parts.insert(.subject)
        append(subject.job.number)
        append(UInt64(subject.owner.number))
        append(subject.name)
      }
      if !entry.tasks.isEmpty {
        parts.insert(.tasks)
        append(entry.tasks, step: entry.step)
      }
      if let attempt = entry.attempt {
        parts.insert(.attempt)
        body += attempt.uid.bytes
        append(UInt64(attempt.number))
      }
      if let worker = entry.worker {
        parts.insert(.worker)
        append(worker.name)
      }
      appendEnd(of: entry, &parts)
      var head: [UInt8] = []
      Packed.append(parts.rawValue, to: &head)
      body.insert(contentsOf: head, at: place)
    }

    private mutating func appendEnd(of entry: FeedEntry, _ parts: inout Parts) {
      if let state = entry.state {
        parts.insert(.state)
        append(UInt64(state.rawValue))
      }
      if let cause = entry.cause {
        parts.insert(.cause)
        append(UInt64(cause.rawValue))
      }
      if let status = entry.status {
        parts.insert(.status)
        append(UInt64(status))
      }
      if let by = entry.by {
        parts.insert(.by)
        append(UInt64(by.number))
      }
      if !entry.text.isEmpty {
        parts.insert(.text)
        append(entry.text)
      }
    }

    private mutating func append(_ tasks: [ClosedRange<UInt32>], step: UInt32) {
      append(UInt64(step))
      append(UInt64(tasks.count))
      for range in tasks {
        append(UInt64(range.lowerBound))
        append(UInt64(range.upperBound - range.lowerBound))
      }
    }

    private mutating func append(_ number: UInt64) { Packed.append(number, to: &body) }

    private mutating func append(_ word: String) {
      let place = places[word] ?? UInt64(words.count)
      if place == UInt64(words.count) {
        places[word] = place
        words.append(word)
      }
      append(place)
    }
  }
}

/// Reads what `PackedFeed` wrote; nil wherever the bytes cannot be that.
private struct PackedFeedReader {
  private var unpacker: Unpacker
  private var words: [String] = []
  private var time: Int64 = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { unpacker = Unpacker(bytes) }

  mutating func entries() -> [FeedEntry]? {
    guard let count = unpacker.number() else { return nil }
    for _ in 0..<count {
      guard let word = unpacker.text() else { return nil }
      words.append(word)
    }
    var entries: [FeedEntry] = []
    while !unpacker.isAtEnd {
      guard let entry = entry() else { return nil }
      entries.append(entry)
    }
    return entries
  }

  private mutating func entry() -> FeedEntry? {
    guard let parts = unpacker.number().map(PackedFeed.Parts.init), parts.isSubset(of: .all),
      let kind = word().flatMap(FeedEntry.Kind.init), let change = unpacker.number()
    else { return nil }
    time &+= Int64(bitPattern: change >> 1) ^ -Int64(change & 1)
    var entry = FeedEntry(kind, at: WallTime(milliseconds: time))
    if parts.contains(.subject) {
      guard let job = unpacker.number(), let owner = number(UInt32.self), let name = word() else {
        return nil
      }
      entry.subject = FeedEntry.Subject(job: JobID(job), owner: UserID(owner), name: name)
    }
    if parts.contains(.tasks) { guard readTasks(of: &entry) else { return nil } }
    if parts.contains(.attempt) {
      guard let uid = unpacker.attemptUID(), let number = number(UInt32.self) else { return nil }
      entry.attempt = FeedEntry.Attempt(uid: uid, number: number)
    }
    if parts.contains(.worker) {
      guard let name = word() else { return nil }
      entry.worker = WorkerID(name)
    }
    return readEnd(of: &entry, parts) ? entry : nil
  }

  private mutating func readTasks(of entry: inout FeedEntry) -> Bool {
    guard let step = number(UInt32.self), let count = unpacker.number() else { return false }
    entry.step = step
    for _ in 0..<count {
      guard let first = number(UInt32.self), let length = number(UInt32.self),
        length <= .max - first
      else { return false }
      entry.tasks.append(first...(first + length))
    }
    return true
  }

  private mutating func readEnd(of entry: inout FeedEntry, _ parts: PackedFeed.Parts) -> Bool {
    if parts.contains(.state) {
      guard let state = number(UInt8.self).flatMap(TaskState.init) else { return false }
      entry.state = state
    }
    if parts.contains(.cause) {
      guard let cause = number(UInt8.self).flatMap(Cause.init) else { return false }
      entry.cause = cause
    }
    if parts.contains(.status) {
      guard let status = number(UInt8.self) else { return false }
      entry.status = status
    }
    if parts.contains(.by) {
      guard let by = number(UInt32.self) else { return false }
      entry.by = UserID(by)
    }
    if parts.contains(.text) {
      guard let text = word() else { return false }
      entry.text = text
    }
    return true
  }

  private mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
    unpacker.number().flatMap { Number(exactly: $0) }
  }

  private mutating func word() -> String? {
    guard let place = unpacker.number(), place < UInt64(words.count) else { return nil }
    return words[Int(place)]
  }
}
