/// Signals by name and number.
package enum Signal {
  /// Of every Linux but MIPS, SPARC and PA-RISC, where Swift does not run.
  private static let names: [(String, UInt8)] = [
    ("HUP", 1), ("INT", 2), ("QUIT", 3), ("ILL", 4), ("TRAP", 5), ("ABRT", 6), ("BUS", 7),
    ("FPE", 8), ("KILL", 9), ("USR1", 10), ("SEGV", 11), ("USR2", 12), ("PIPE", 13),
    ("ALRM", 14), ("TERM", 15), ("STKFLT", 16), ("CHLD", 17), ("CONT", 18), ("STOP", 19),
    ("TSTP", 20), ("TTIN", 21), ("TTOU", 22), ("URG", 23), ("XCPU", 24), ("XFSZ", 25),
    ("VTALRM", 26), ("PROF", 27), ("WINCH", 28), ("IO", 29), ("PWR", 30), ("SYS", 31),
  ]

  /// The signal of `TERM`, `SIGTERM`, `term` or `15`. Throws usage for what is none.
  package static func parse(
    _ word: String, option: String = "-s"
  ) throws(Failure) -> UInt8 {
    if let number = UInt8(word), (1...64).contains(number), !word.hasPrefix("+") { return number }
    let upper = word.uppercased()
    let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
    guard let (_, number) = names.first(where: { $0.0 == name }) else {
      throw .usage(
        "\(option): \"\(word)\" is no signal", wayOut: "write TERM, USR1 or a number from 1 to 64")
    }
    return number
  }

  /// `TERM`; nil for one that has no name, as the real-time signals.
  package static func name(_ number: UInt8) -> String? { names.first { $0.1 == number }?.0 }
}
