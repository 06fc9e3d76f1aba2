import FlusterCore
import FlusterProtocol
import Glibc
import SwiftProtobuf
import Testing

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

  /// Each reaches some of the code that no other does; contrib/fuzz found them, and whatever it
  /// finds that traps is put there too.
  @Test("what the fuzzer has kept is refused or understood, and never more")
  func kept() throws {
    let lines = String(decoding: try Schema.read("Tests/fuzz-corpus.txt"), as: UTF8.self)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count > 100)
    for line in lines { fuzz(bytes(hex: String(line))) }
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
