import FlusterSystem
import Glibc

/// Users on a command line: by name, or by number.
package enum UserArgument {
  /// The uid that `word` means. Throws usage for an empty word, and not-found for a name that
  /// nobody has; a number need not be known here.
  package static func parse(_ option: String, _ word: String) throws(Failure) -> UInt32 {
    guard !word.isEmpty else { throw .usage("\(option): the user is empty") }
    if SelectorArgument.isNumber(word[...]), let uid = UInt32(word) { return uid }
    guard let uid = uid(named: word) else {
      throw Failure(.notFound, "\(option): there is no user \"\(word)\"")
    }
    return uid
  }

  /// Asks in a way that any thread may.
  private static func uid(named name: String) -> UInt32? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { room in
      guard let start = room.baseAddress,
        getpwnam_r(name, &entry, start, room.count, &found) == 0, found != nil
      else { return nil }
      return entry.pw_uid
    }
  }
}
