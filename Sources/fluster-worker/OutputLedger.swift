import FlusterSystem
import Glibc

/// How far a worker is with the output of an attempt: in memory that the shim keeps, so that the
/// next worker goes on at exactly the byte where this one was killed.
///
/// In front stands the label, then at the next page the state, then for each stream two places for
/// the line that is not whole yet: the new one is written before the old one is given up.
struct OutputLedger {
  /// What stands in the memory beside the unfinished lines.
  struct State: Equatable {
    /// Each worker that takes the ledger over counts on.
    var generation: UInt32 = 0
    /// The stream whose bytes are aside.
    var stream: UInt8 = 0
    /// So many bytes of those are being written now, behind `logSize`, with this time, and `told`
    /// of their lines are in the journal.
    var isWriting = false
    var isEnd = false
    var count: UInt32 = 0
    var told: UInt32 = 0
    var logSize: UInt64 = 0
    var time: Int64 = 0
    /// The line that is not whole, by stream: which of its places it is at, how long it is, and
    /// whether it goes on with one whose beginning has been written.
    var place: [UInt8] = [0, 0]
    var length: [UInt32] = [0, 0]
    var inMidLine: [Bool] = [false, false]
    /// The same of the stream that is being written, when that is done.
    var nextLength: UInt32 = 0
    var nextInMidLine = false
  }

  private static let page = 4096
  private static let stateSize = 64
  private static let labelLimit = 64 << 10

  let label: OutputLabel
  var state = State()
  private let memory: Descriptor
  private let base: Int

  /// The bytes to begin the memory with.
  static func head(_ label: OutputLabel) -> [UInt8] {
    let bytes = label.bytes
    return withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) } + bytes
  }

  /// Takes the memory over. EINVAL if it is none of ours.
  init(_ memory: Descriptor) throws(SystemError) {
    self.memory = memory
    label = try Self.label(in: memory)
    base = (4 + label.bytes.count + Self.page - 1) / Self.page * Self.page
    state = Self.decode(try Self.read(memory, Self.stateSize, at: base))
    state.generation += 1
    try write(withUnsafeBytes(of: state.generation.littleEndian) { Array($0) }, at: base)
  }

  /// What the memory begins with. EINVAL if it is none of ours.
  static func label(in memory: Descriptor) throws(SystemError) -> OutputLabel {
    let length = Int(number(UInt32.self, try read(memory, 4, at: 0), 0))
    guard length <= labelLimit, let label = OutputLabel(bytes: try read(memory, length, at: 4))
    else { throw SystemError(call: "read the ledger of an attempt's output", errno: EINVAL) }
    return label
  }

  /// Whether no other worker has taken over meanwhile.
  func isOurs() throws(SystemError) -> Bool {
    let generation = Self.number(UInt32.self, try Self.read(memory, 4, at: base), 0)
    return generation == state.generation
  }

  /// What the line that is not whole begins with.
  func unfinished(_ stream: Int) throws(SystemError) -> [UInt8] {
    try Self.read(
      memory, Int(state.length[stream]), at: offset(stream, place: Int(state.place[stream])))
  }

  /// Notes what the next such line begins with, beside the present one.
  func note(_ unfinished: ArraySlice<UInt8>, _ stream: Int) throws(SystemError) {
    try write(Array(unfinished), at: offset(stream, place: 1 - Int(state.place[stream])))
  }

  /// Makes the state what the next worker finds; but for the generation, which must stay that of
  /// the newest worker even if an older one wakes up and goes on.
  func save() throws(SystemError) {
    var bytes: [UInt8] = []
    func add<Number: FixedWidthInteger>(_ value: Number) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    add(state.count)
    add(state.told)
    add(state.nextLength)
    add(state.logSize)
    add(state.time)
    for length in state.length { add(length) }
    bytes += [
      state.stream, state.isWriting ? 1 : 0, state.isEnd ? 1 : 0, state.nextInMidLine ? 1 : 0,
    ]
    bytes += state.place + state.inMidLine.map { $0 ? 1 : 0 }
    try write(bytes, at: base + MemoryLayout<UInt32>.size)
  }

  private static func decode(_ bytes: [UInt8]) -> State {
    var state = State()
    state.generation = number(UInt32.self, bytes, 0)
    state.count = number(UInt32.self, bytes, 4)
    state.told = number(UInt32.self, bytes, 8)
    state.nextLength = number(UInt32.self, bytes, 12)
    state.logSize = number(UInt64.self, bytes, 16)
    state.time = number(Int64.self, bytes, 24)
    let longest = UInt32(OutputLines.longest)
    state.length = [32, 36].map { min(number(UInt32.self, bytes, $0), longest) }
    state.stream = bytes[40] & 1
    state.isWriting = bytes[41] != 0
    state.isEnd = bytes[42] != 0
    state.nextInMidLine = bytes[43] != 0
    state.place = [bytes[44] & 1, bytes[45] & 1]
    state.inMidLine = [bytes[46] != 0, bytes[47] != 0]
    return state
  }

  private static func number<Number: FixedWidthInteger>(
    _: Number.Type, _ bytes: [UInt8], _ offset: Int
  ) -> Number {
    var value: Number = 0
    withUnsafeMutableBytes(of: &value) {
      $0.copyBytes(from: bytes[offset..<(offset + MemoryLayout<Number>.size)])
    }
    return Number(littleEndian: value)
  }

  private func offset(_ stream: Int, place: Int) -> Int {
    base + Self.page + (2 * stream + place) * OutputLines.longest
  }

  /// Beyond the end there are zeros.
  private static func read(
    _ memory: Descriptor, _ count: Int, at offset: Int
  ) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard count == 0 || pread(memory.raw, &bytes, count, off_t(offset)) >= 0 else {
      throw SystemError.last("read the ledger of an attempt's output")
    }
    return bytes
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
    guard bytes.isEmpty || pwrite(memory.raw, bytes, bytes.count, off_t(offset)) == bytes.count
    else { throw SystemError.last("write the ledger of an attempt's output") }
  }
}
