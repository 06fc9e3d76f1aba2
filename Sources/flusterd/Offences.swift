import FlusterCore

/// What a peer did that cost it its connection.
enum Offence: Hashable {
  case silent
  case halfFrame
  case unread
  case flood
  case nonsense(String)
  case refused(String)

  /// What is written after the peer's pid and uid.
  var text: String {
    switch self {
    case .silent: "said nothing for 10 s after connecting"
    case .halfFrame: "stopped in the middle of a frame for 30 s"
    case .unread: "did not read its answers for 30 s"
    case .flood: "left more unread or unfinished than its user may"
    case .nonsense(let text): "does not speak the protocol: \(text)"
    case .refused(let text): "was refused: \(text)"
    }
  }
}

/// Decides which offences are worth a line: the first of a process, then one a minute with the
/// number of those that were left out. A thousand bad connections are one line, not a thousand;
/// a thousand bad processes are thirty a minute.
struct Offences {
  private struct Key: Hashable {
    let uid: UserID
    let pid: Int32
  }

  private struct Account {
    var quietUntil: Int64
    var leftOut = 0
  }

  private static let pause: Int64 = 60_000_000_000
  private static let linesPerPause = 30

  private var accounts: [Key: Account] = [:]

  /// The line for this offence; nil if there were enough within the last minute.
  mutating func line(
    for offence: Offence, uid: UserID, pid: Int32, now: Int64
  ) -> String? {
    let key = Key(uid: uid, pid: pid)
    if let account = accounts[key], now < account.quietUntil {
      accounts[key]?.leftOut += 1
      return nil
    }
    let leftOut = accounts[key]?.leftOut ?? 0
    if accounts.count >= Self.linesPerPause {
      accounts = accounts.filter { $0.value.quietUntil > now }
    }
    guard accounts.count < Self.linesPerPause else { return nil }
    accounts[key] = Account(quietUntil: now + Self.pause)
    let more = leftOut > 0 ? " (and \(leftOut) times more since the last line about it)" : ""
    return "dropped pid \(pid) uid \(uid): it \(offence.text)\(more)"
  }
}
