import FlusterSystem
import Glibc

/// How much the processes of this machine wait for memory, as the kernel counts it.
struct MemoryPressure: Equatable {
  /// The part of the last ten seconds, in hundredths of a percent, in which some process waited.
  let share: Int

  /// Where the kernel says it, to be kept open; nil where it does not.
  static func source() -> Descriptor? {
    let raw = open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC)
    return raw < 0 ? nil : Descriptor(adopting: raw)
  }

  /// Looks; nil if nothing is said.
  init?(now source: Descriptor?) {
    guard let bytes = try? source?.figures(limit: 4096, what: "memory pressure") else { return nil }
    self.init(String(decoding: bytes, as: UTF8.self))
  }

  /// Reads `some avg10=12.34 avg60=...`; nil for anything else.
  init?(_ text: String) {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("some ") }),
      let word = line.split(separator: " ").first(where: { $0.hasPrefix("avg10=") })
    else { return nil }
    let parts = word.dropFirst(6).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count == 2, let whole = Int(parts[0]),
      let rest = Int(parts[1]), (0...100).contains(whole)
    else { return nil }
    share = whole * 100 + rest
  }

  /// Whether it is too high for new work, at so many percent. Who has said so stays with it until a
  /// quarter less is waited, so that it is not told again and again.
  func isHigh(limit percent: Int, already: Bool) -> Bool {
    share >= (already ? percent * 75 : percent * 100)
  }

  /// `for 62 % of the last 10s something waited for memory`.
  var text: String { "for \(share / 100) % of the last 10s something waited for memory" }
}
