import FlusterCore

extension Usage {
  /// What an attempt used, in words: what is known, and of waiting what can be felt.
  var texts: [String] {
    var parts: [String] = []
    if let user = userMicroseconds, let system = systemMicroseconds {
      parts.append("cpu \(Quantity.text(milliseconds: (user + system) / 1000))")
    }
    if let peak = peakMemoryBytes { parts.append("peak \(Quantity.text(bytes: peak))") }
    if let count = peakProcesses, count > 1 { parts.append("\(count) processes") }
    for (word, bytes) in [("read", readBytes), ("wrote", writtenBytes)] {
      if let bytes, bytes > 0 { parts.append("\(word) \(Quantity.text(bytes: bytes))") }
    }
    for (word, time) in [
      ("stalled for cpu", cpuStallMicroseconds), ("stalled for memory", memoryStallMicroseconds),
      ("stalled for io", ioStallMicroseconds), ("throttled", throttledMicroseconds),
    ] {
      guard let time, time >= 100_000 else { continue }
      parts.append("\(word) \(Quantity.text(milliseconds: time / 1000))")
    }
    return parts
  }
}
