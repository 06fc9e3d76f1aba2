import FlusterCore
import Testing

@testable import FlusterProtocol

@Suite("Frames of very many fields")
struct FieldCountTests {
  @Test("millions of empty selectors are refused before they are built")
  func selectors() {
    var decoder = FrameDecoder()
    decoder.append(frame(of: 12, [UInt8](repeating: 0, count: 4_000_000).enumerated().map(empty)))
    #expect(throws: FrameError.tooManyFields) { try decoder.nextEnvelope() }
  }

  @Test("millions of empty arguments are refused before they are built")
  func arguments() {
    let argv = field(9, [UInt8](repeating: 0, count: 4_000_000).enumerated().map(empty))
    var decoder = FrameDecoder()
    decoder.append(frame(of: 10, field(3, argv)))
    #expect(throws: FrameError.tooManyFields) { try decoder.nextEnvelope() }
  }

  @Test("millions of empty values of a constraint are refused before they are built")
  func values() {
    let values = field(4, [UInt8](repeating: 0, count: 4_000_000).enumerated().map(empty))
    var decoder = FrameDecoder()
    decoder.append(frame(of: 10, field(3, field(3, values))))
    #expect(throws: FrameError.tooManyFields) { try decoder.nextEnvelope() }
  }

  @Test("millions of empty resources of a worker are refused before they are built")
  func resources() {
    let resources = [UInt8](repeating: 0, count: 4_000_000).enumerated().map(emptyThird)
    var decoder = FrameDecoder()
    decoder.append(frame(of: 40, field(4, resources)))
    #expect(throws: FrameError.tooManyFields) { try decoder.nextEnvelope() }
  }

  @Test("millions of empty properties of an endpoint are refused before they are built")
  func properties() {
    let properties = [UInt8](repeating: 0, count: 4_000_000).enumerated().map(emptyThird)
    var decoder = FrameDecoder()
    decoder.append(frame(of: 30, field(1, properties)))
    #expect(throws: FrameError.tooManyFields) { try decoder.nextEnvelope() }
  }

  @Test("millions of packed numbers are refused before they are built")
  func packed() {
    var decoder = FrameDecoder()
    decoder.append(frame(of: 12, field(4, [UInt8](repeating: 1, count: 4_000_000))))
    #expect(throws: FrameError.tooManyFields) { try decoder.nextEnvelope() }
  }

  @Test("the largest lawful requests pass")
  func lawful() throws {
    var wait = WireWait()
    wait.selectors = (1...UInt64(Limit.selectors)).map {
      WireSelector(.tasks(Selection(job: JobID($0))))
    }
    var decoder = FrameDecoder()
    decoder.append(try WireEnvelope(request: 1, .wait(wait)).frame())
    #expect(try decoder.nextEnvelope()?.wait.selectors.count == Limit.selectors)
    var submit = WireSubmit()
    submit.job.launch.argv = .init(repeating: .of([]), count: Limit.argv / 9)
    decoder.append(try WireEnvelope(request: 1, .submit(submit)).frame())
    #expect(try decoder.nextEnvelope()?.submit.job.launch.argv.count == Limit.argv / 9)
  }

  /// Pairs of bytes that are an empty field 1.
  private func empty(_ place: Int, _ zero: UInt8) -> UInt8 { place % 2 == 0 ? 0x0a : zero }

  /// The same of field 3.
  private func emptyThird(_ place: Int, _ zero: UInt8) -> UInt8 { place % 2 == 0 ? 0x1a : zero }

  private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    var length = content.count
    var bytes = number < 16 ? [number << 3 | 2] : [number << 3 | 0x82, number >> 4]
    while length >= 0x80 {
      bytes.append(UInt8(length & 0x7f) | 0x80)
      length >>= 7
    }
    return bytes + [UInt8(length)] + content
  }

  private func frame(of number: UInt8, _ body: [UInt8]) -> [UInt8] {
    let payload = field(number, body)
    let length = UInt32(payload.count)
    return (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32($0))) } + payload
  }
}
