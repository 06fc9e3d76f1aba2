import FlusterCore
import FlusterProtocol
import SwiftProtobuf
import Testing

@Suite("Golden bytes")
struct GoldenTests {
  @Test("an envelope has the bytes it always had", arguments: Golden.all)
  func encode(_ golden: Golden) throws {
    let envelope = try WireEnvelope(textFormatString: golden.text)
    let frame = try Frame.encode(envelope)
    #expect(hex(frame.dropFirst(Frame.headerLength)) == golden.hex)
    let length = golden.hex.count / 2
    #expect(frame.prefix(4) == [0, 0, UInt8(length / 256), UInt8(length % 256)])
  }

  @Test("the bytes mean what they always meant", arguments: Golden.all)
  func decode(_ golden: Golden) throws {
    let envelope = try WireEnvelope(serializedBytes: bytes(hex: golden.hex))
    #expect(envelope.textFormatString() == golden.text + "\n")
  }

  @Test("there is a golden message of every kind")
  func kinds() throws {
    var numbers: Set<UInt8> = []
    for golden in Golden.all {
      var envelope = try WireEnvelope(serializedBytes: bytes(hex: golden.hex))
      envelope.request = 0
      let key: [UInt8] = try envelope.serializedBytes()
      numbers.insert(key[0] < 0x80 ? key[0] >> 3 : (key[0] & 0x7f) >> 3 | key[1] << 4)
    }
    let known = [2...4, 10...27, 30...44, 50...52, 80...81].flatMap { Array<UInt8>($0) }
    #expect(numbers == Set(known))
  }

  @Test("fields of a newer version survive a round trip, at every depth", arguments: Golden.all)
  func unknownFields(_ golden: Golden) throws {
    // Field 1000, a string: "new".
    let extra = bytes(hex: "c23e036e6577")
    let before = bytes(hex: golden.hex) + extra
    let envelope = try WireEnvelope(serializedBytes: before)
    let after: [UInt8] = try envelope.serializedBytes()
    #expect(after == before)
  }

  @Test("unknown fields of a launch reach the worker")
  func unknownLaunch() throws {
    var launch = WireLaunch()
    launch.argv = [.of(Array("true".utf8))]
    launch.directory = .of(Array("/".utf8))
    launch.logMaxBytes = 1
    let known: [UInt8] = try launch.serializedBytes()
    var job = WireJobRequest()
    job.launch = try WireLaunch(serializedBytes: known + bytes(hex: "c23e036e6577"))
    #expect(try Payload(wire: job).launch == known + bytes(hex: "c23e036e6577"))
  }
}
