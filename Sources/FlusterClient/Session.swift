package import FlusterCore
package import FlusterProtocol

/// A conversation that outlives its connection: what may be asked twice is asked again when
/// flusterd went away before it answered.
package struct Session {
  /// How long commands wait for a flusterd that went away while it owed them an answer.
  package static let patience = Span.seconds(30)

  private let instance: Instance
  private let voice: Voice
  private let patience: Span
  private var connection: Connection?
  private var wasConnected: Bool
  private var hasSaidLost = false

  /// A session with the flusterd of `instance`, not connected yet. One that `isKnown` to have been
  /// there is waited for from the beginning. One that goes away is waited for as long as `patience`
  /// says, where a question says nothing else.
  package init(
    with instance: Instance, voice: Voice, isKnown: Bool = false, patience: Span = Session.patience
  ) {
    self.instance = instance
    self.voice = voice
    self.patience = patience
    wasConnected = isKnown
  }

  /// A session with the same flusterd, over a connection of its own: if it was there once, it is
  /// waited for, too.
  package func another(_ voice: Voice) -> Session {
    Session(with: instance, voice: voice, isKnown: wasConnected, patience: patience)
  }

  /// Forgets the connection, which turned out to be lost; the next question makes a new one.
  package mutating func drop() { connection = nil }

  /// Runs `body` over a connection, and again over a new one whenever the connection is lost, until
  /// it succeeds or flusterd has been away for `patience`. `body` is told whether it is a
  /// repetition.
  ///
  /// A flusterd that is not there in the first place is an error at once; one that takes the
  /// connection and does not say hello is one after `patience`, and whatever it does, when
  /// `deadline` has passed.
  package mutating func persist<Result>(
    patience: Span? = nil, until deadline: Instant? = nil,
    _ body: (Connection, _ isAgain: Bool) throws(CallError) -> Result
  ) throws(Failure) -> Result {
    let patience = patience ?? self.patience
    var isAgain = false
    var away: Instant?
    var pause = GrowingPause()
    while true {
      do throws(CallError) {
        let limit = Pause.now + patience
        let connection = try connected(until: min(deadline ?? limit, limit))
        if away != nil {
          away = nil
          pause = GrowingPause()
        }
        return try body(connection, isAgain)
      } catch {
        connection = nil
        if case .failed(let failure) = error { throw failure }
        if case .unreachable = error, !wasConnected, !isAgain { throw error.failure }
        let since = away ?? Pause.now
        // What never said hello may be no flusterd at all.
        let limit = wasConnected ? patience : min(patience, Session.patience)
        let end = min(since + limit, deadline ?? since + limit)
        guard Pause.now < end else { throw error.failure }
        sayLost(error)
        isAgain = true
        away = since
        Pause.until(min(Pause.now + pause.take(), end))
      }
    }
  }

  /// Asks one question that may be asked twice, and takes its one answer.
  package mutating func call(
    _ body: WireEnvelope.OneOf_Body
  ) throws(Failure) -> WireEnvelope.OneOf_Body {
    try persist { (connection, _) throws(CallError) in try connection.call(body) }
  }

  /// Asks for something to be done; prints what flusterd wants the caller to know.
  package mutating func perform(_ body: WireEnvelope.OneOf_Body) throws(Failure) {
    guard case .done(let done) = try call(body) else {
      throw Failure(.internal, "flusterd at \(instance.path) answered something else than asked")
    }
    for notice in done.notices { voice.notice(notice) }
  }

  private mutating func connected(until deadline: Instant) throws(CallError) -> Connection {
    if let connection { return connection }
    let connection = try Connection(to: instance, until: deadline, voice: voice)
    if !wasConnected {
      voice.detail("\(instance.title) at \(instance.path) answers (\(connection.peer))")
    } else if hasSaidLost {
      voice.notice("flusterd is back")
      hasSaidLost = false
    }
    wasConnected = true
    self.connection = connection
    return connection
  }

  /// Once for each time that flusterd is away, and only to somebody who looks or asked.
  private mutating func sayLost(_ error: CallError) {
    guard !hasSaidLost, voice.isVerbose || StandardStream.error.isTerminal else { return }
    hasSaidLost = true
    voice.notice("\(error.failure.message); waiting for it to come back")
  }
}
