import Glibc
package import Logging

/// Log messages as lines for people: `flusterd: cannot reach the worker (worker=w1)`.
package struct PlainHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  package var logLevel: Logger.Level = .info
  private let label: String
  private let descriptor: Int32

  /// Lines begin with `label` and go to standard error, or to another open descriptor.
  package init(label: String, descriptor: Int32 = STDERR_FILENO) {
    self.label = label
    self.descriptor = descriptor
  }

  /// Metadata of every message of this handler.
  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one line. Any thread.
  package func log(event: LogEvent) {
    let line = PlainHandler.line(
      event, label: label, metadata: merged(metadata, metadataProvider, event))
    // One write a line, so that lines of several processes do not mix.
    _ = Array(line.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }

  /// The line of a message, with the line feed. A message of several lines stays one, indented.
  package static func line(
    _ event: LogEvent, label: String, metadata: Logger.Metadata
  ) -> String {
    let text = "\(event.message)".split(whereSeparator: \.isNewline).joined(separator: "\n  ")
    let details = metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      .joined(separator: " ")
    return details.isEmpty ? "\(label): \(text)\n" : "\(label): \(text) (\(details))\n"
  }
}
