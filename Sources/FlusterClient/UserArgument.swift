import FlusterSystem
import Glibc

/// Users on a command line: by name, or by number.
package enum UserArgument {
  /// The uid that `word` means. Throws usage for an empty word, and not-found for a name that
  /// nobody has; a number need not be known here.
  package static func parse(_ option: String, _ word: String) throws(Failure) -> UInt32 {
    guard !word.isEmpty else { throw .usage("\(option): the user is empty") }
    if SelectorArgument.isNumber(word[...]), let uid = UInt32(word) { return uid }
    guard let entry = getpwnam(word) else {
      throw Failure(.notFound, "\(option): there is no user \"\(word)\"")
    }
    return entry.pointee.pw_uid
  }
}
