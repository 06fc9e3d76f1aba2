import Glibc
package import Logging

/// Log messages as journal entries with fields.
///
/// Metadata become fields: `job_id` is `FLUSTER_JOB_ID`; `message_id` and `errno` are the journal's
/// own `MESSAGE_ID` and `ERRNO`.
package struct JournalHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  package var logLevel: Logger.Level = .info
  private let label: String

  /// Entries carry `label` as their SYSLOG_IDENTIFIER.
  package init(label: String) { self.label = label }

  /// Metadata of every message of this handler.
  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Hands one entry to journald, which may block while it is busy. Any thread.
  package func log(event: LogEvent) {
    let all = merged(metadata, metadataProvider, event)
    // There is nobody to tell when it fails: this is where we would.
    Journal.send(JournalHandler.fields(event, label: label, metadata: all))
  }

  /// The fields of an entry, each `NAME=value`; a value may have any bytes, line feeds too.
  package static func fields(
    _ event: LogEvent, label: String, metadata: Logger.Metadata
  ) -> [[UInt8]] {
    var fields = [
      "MESSAGE=\(event.message)",
      "PRIORITY=\(priority(event.level))",
      "SYSLOG_IDENTIFIER=\(label)",
      "CODE_FILE=\(event.file)",
      "CODE_LINE=\(event.line)",
      "CODE_FUNC=\(event.function)",
    ]
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      fields.append("\(name(of: key))=\(value)")
    }
    return fields.map { Array($0.utf8) }
  }

  /// The syslog priority of a level.
  package static func priority(_ level: Logger.Level) -> Int32 {
    switch level {
    case .trace, .debug: LOG_DEBUG
    case .info: LOG_INFO
    case .notice: LOG_NOTICE
    case .warning: LOG_WARNING
    case .error: LOG_ERR
    case .critical: LOG_CRIT
    }
  }

  /// The journal accepts capital letters, digits and underscores.
  private static func name(of key: String) -> String {
    let upper = String(
      decoding: key.uppercased().utf8.map { byte in
        let isPlain = (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
        return isPlain ? byte : UInt8(ascii: "_")
      }, as: UTF8.self)
    return upper == "MESSAGE_ID" || upper == "ERRNO" ? upper : "FLUSTER_\(upper)"
  }
}

/// The metadata of a message: what the handler has, the provider adds and the message brings.
func merged(
  _ metadata: Logger.Metadata, _ provider: Logger.MetadataProvider?, _ event: LogEvent
) -> Logger.Metadata {
  var all = metadata
  if let provided = provider?.get() { all.merge(provided) { $1 } }
  if let own = event.metadata { all.merge(own) { $1 } }
  if let error = event.error { all["error"] = "\(error)" }
  return all
}
