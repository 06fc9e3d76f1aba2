import FlusterSystem
import Glibc
package import Logging

/// Where a daemon's messages go.
package enum Logs {
  /// A logger into the journal if standard error leads there, with lines on standard error
  /// otherwise. Any thread may use it and make copies.
  package static func bootstrap(label: String) -> Logger {
    let isJournal = leadsToJournal
    return Logger(label: label) { label in
      if isJournal { return JournalHandler(label: label) }
      return PlainHandler(label: label)
    }
  }

  /// Whether standard error leads to the journal.
  package static var leadsToJournal: Bool {
    leadsToJournal(STDERR_FILENO, variable: Environment.variable("JOURNAL_STREAM"))
  }

  /// Whether the descriptor is the stream that JOURNAL_STREAM, `DEVICE:INODE`, names: a service
  /// may have had its standard error sent elsewhere and the variable left over.
  package static func leadsToJournal(_ descriptor: Int32, variable: String?) -> Bool {
    var status = stat()
    guard let variable, fstat(descriptor, &status) == 0 else { return false }
    return variable == "\(status.st_dev):\(status.st_ino)"
  }
}
