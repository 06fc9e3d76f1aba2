import DequeModule
import FlusterProtocol
import FlusterSystem

/// Something a turn has to deal with.
enum Message {
  /// A frame of so many bytes.
  case frame(ConnectionID, WireEnvelope, [Descriptor], size: Int)
  /// The connection has ended.
  case gone(ConnectionID)
  /// A time the core asked for has come.
  case wake
}

/// What IO sources have brought and no turn has dealt with yet, in order of arrival.
struct Inbox {
  /// So many messages make a turn; more wait for the next one.
  static let turn = 256
  /// A message waits at most about so long for the loop's other sources, in nanoseconds: under a
  /// flood the low-priority source of the turn would not be run at all.
  static let patience: Int64 = 2_000_000

  private var messages: Deque<Message> = []
  private var since: Int64 = 0

  var isEmpty: Bool { messages.isEmpty }

  mutating func append(_ message: Message, now: Int64) {
    if messages.isEmpty { since = now }
    messages.append(message)
  }

  mutating func popFirst() -> Message? { messages.popFirst() }

  /// Whether the turn must not be put off any longer.
  func isDue(now: Int64) -> Bool {
    !messages.isEmpty && (messages.count >= Self.turn || now - since >= Self.patience)
  }
}
