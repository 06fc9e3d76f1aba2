import FlusterCore
import FlusterProtocol
import Glibc
import SwiftProtobuf
import Testing

/// Everything behind the door, for whatever came: it may refuse, and nothing else.
private func door(_ envelope: WireEnvelope) {
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

@Suite("Hostile bytes")
struct HostileTests {
  #if DEBUG
    private static let rounds = 20_000
  #else
    private static let rounds = 200_000
  #endif

  /// A seed from the environment, or a new one; printed, so that a crash can be had again.
  private func seed(_ name: String) -> UInt64 {
    let given = getenv("FLUSTER_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? .random(in: 1...UInt64(Int64.max))
    print("\(name): FLUSTER_SEED=\(seed)")
    return seed
  }

  private func feed(_ stream: [UInt8], inPartsOf size: Int) {
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

  @Test("random bytes are refused or understood, and never more")
  func noise() {
    var random = Random(seed: seed("noise"))
    for _ in 0..<Self.rounds {
      let length = Int.random(in: 1...64, using: &random)
      let payload = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      let header: [UInt8] = Bool.random(using: &random) ? [0, 0, 0, UInt8(length)] : []
      feed(header + payload, inPartsOf: Int.random(in: 1...80, using: &random))
    }
  }

  @Test("valid messages with a few bytes changed are refused or understood, and never more")
  func mutants() throws {
    var random = Random(seed: seed("mutants"))
    let originals = Golden.all.map { bytes(hex: $0.hex) }
    for _ in 0..<Self.rounds {
      var payload = originals[Int.random(in: 0..<originals.count, using: &random)]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<payload.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: payload[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: payload[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: payload.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
        case _: if payload.count > 1 { payload.remove(at: place) }
        }
      }
      guard let envelope = try? WireEnvelope(serializedBytes: payload) else { continue }
      door(envelope)
    }
  }

  @Test("messages nested a thousand deep are refused")
  func deep() {
    var payload: [UInt8] = [0x0a, 0x00]
    for _ in 0..<1000 where payload.count < 16000 {
      payload = [0xa3, 0x06] + payload + [0xa4, 0x06]
    }
    var decoder = FrameDecoder()
    decoder.append([0, 0, UInt8(payload.count / 256), UInt8(payload.count % 256)] + payload)
    #expect(throws: FrameError.malformed) { try decoder.nextEnvelope() }
  }
}
