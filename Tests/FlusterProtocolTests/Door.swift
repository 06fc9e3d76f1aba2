import FlusterCore
import FlusterProtocol

/// Gives a decoder a stream as it may come from a socket, and the door what it makes of it.
func feed(_ stream: [UInt8], inPartsOf size: Int) {
  var decoder = FrameDecoder()
  var rest = stream[...]
  while !rest.isEmpty {
    decoder.append(Array(rest.prefix(size)))
    rest = rest.dropFirst(size)
    do {
      while let envelope = try decoder.nextEnvelope() { door(envelope) }
    } catch {
      return
    }
  }
}

/// One input of the fuzzer: the first byte says whether the others are a stream and in what parts
/// it comes, or are one frame's payload, which would otherwise need the right length before it.
func fuzz(_ input: [UInt8]) {
  guard let choice = input.first, choice > 0 else {
    let length = UInt32(max(input.count - 1, 0))
    let header = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
    return feed(header + input.dropFirst(), inPartsOf: .max)
  }
  feed(Array(input.dropFirst()), inPartsOf: Int(choice))
}

/// Everything behind the door, for whatever came: it may refuse, and nothing else.
func door(_ envelope: WireEnvelope) {
  let user = UserID(1000)
  switch envelope.body {
  case .hello(let wire):
    _ = try? Speaker.ours.agree(with: Speaker(wire: wire))
  case .error(let wire): _ = Refusal(wire: wire)
  case .submit(let wire):
    guard let submission = try? Submission(wire: wire, owner: user) else { return }
    _ = try? WireJobRequest(submission.request, submission.payload)
  case .list(let wire): _ = try? ListOrder(wire: wire)
  case .listing(let wire):
    for row in wire.jobs {
      _ = try? StateCounts(wire: row.counts)
      _ = try? Outcome(wire: row.outcome)
      _ = try? TaskArray(wire: row.array)
      _ = try? JobOptions(wire: row.options)
      _ = try? Backoff(wire: row.options)
    }
  case .wait(let wire): _ = try? WaitOrder(wire: wire)
  case .ended(let wire): _ = try? Outcome(wire: wire.outcome)
  case .readHistory(let wire): _ = try? HistoryOrder(wire: wire)
  case .history(let wire): _ = try? wire.parts.map { try StateCounts(wire: $0.ended) }
  case .watch(let wire): _ = try? WatchOrder(wire: wire)
  case .feed(let wire): _ = try? FeedCursor(wire: wire.next)
  case .kill(let wire): _ = try? KillOrder(wire: wire)
  case .set(let wire): _ = try? ChangeOrder(wire: wire)
  case .rerun(let wire): _ = try? RerunOrder(wire: wire)
  case .registerEndpoint(let wire): _ = try? EndpointOrder(wire: wire)
  case .unregisterEndpoint(let wire): _ = try? EndpointRemoval(wire: wire)
  case .listEndpoints(let wire): _ = try? EndpointQuery(wire: wire)
  case .register(let wire): _ = try? Registration(wire: wire, owner: user)
  case .desired(let wire): _ = try? Desired(wire: wire)
  case .observed(let wire): _ = try? Observation.list(wire: wire.observations)
  case .done, .submitted, .openLog, .openedLog, .getStatus, .status, .shutdown, .listWorkers,
    .workers, .changeWorker, .listUsers, .users,
    .backup, .backedUp, .checkStore, .endpoints, .registered, .goodbye, .script, nil:
    break
  case .entries(let wire): _ = try? wire.checkedCount()
  case .readScript(let wire): _ = try? JobSelector(wire: wire.job)
  }
}
