import FlusterProtocol
import SwiftProtobuf
import Testing

@Suite("Frames")
struct FrameTests {
  private func golden() -> [UInt8] {
    Golden.all.flatMap { golden in
      let payload = bytes(hex: golden.hex)
      return [0, 0, UInt8(payload.count / 256), UInt8(payload.count % 256)] + payload
    }
  }

  @Test("a stream cut at any byte gives the same frames")
  func cuts() throws {
    let stream = golden()
    let expected = Golden.all.map(\.hex)
    for cut in 0...stream.count {
      var decoder = FrameDecoder()
      var frames: [String] = []
      for part in [Array(stream[..<cut]), Array(stream[cut...])] {
        decoder.append(part)
        while let payload = try decoder.next() { frames.append(hex(payload)) }
      }
      #expect(frames == expected, "cut at \(cut)")
      #expect(decoder.buffered == 0)
    }
  }

  @Test("a stream that comes byte by byte gives the same envelopes")
  func drops() throws {
    var decoder = FrameDecoder()
    var texts: [String] = []
    for byte in golden() {
      decoder.append([byte])
      while let envelope = try decoder.nextEnvelope() { texts.append(envelope.textFormatString()) }
    }
    #expect(texts == Golden.all.map { $0.text + "\n" })
  }

  @Test("a header of 4 GiB is refused at once, and nothing is allocated for it")
  func huge() {
    var decoder = FrameDecoder()
    decoder.append([0xff, 0xff, 0xff, 0xff] + Array(repeating: 0, count: 100))
    let error = FrameError.tooLong(announced: 4_294_967_295, limit: 16_777_216)
    #expect(throws: error) { try decoder.next() }
    #expect(decoder.capacity == 0)
    decoder.append(Array(repeating: 0, count: 1000))
    #expect(decoder.buffered == 0, "what follows is not kept")
    #expect(throws: error) { try decoder.nextEnvelope() }
    #expect("\(error)" == "a frame of 4294967295 bytes is longer than the limit of 16777216")
  }

  @Test("the longest frame passes and one byte more does not")
  func limit() throws {
    var decoder = FrameDecoder(limit: 300)
    decoder.append([0, 0, 1, 44] + Array(repeating: 7, count: 300) + [0, 0, 1, 45])
    #expect(try decoder.next()?.count == 300)
    #expect(throws: FrameError.tooLong(announced: 301, limit: 300)) { try decoder.next() }
  }

  @Test("an announced length allocates nothing until its bytes come")
  func announced() throws {
    var decoder = FrameDecoder()
    decoder.append([0x01, 0, 0, 0])
    #expect(try decoder.next() == nil)
    #expect(decoder.capacity < 1000)
  }

  @Test("an empty frame is refused")
  func empty() {
    var decoder = FrameDecoder()
    decoder.append([0, 0, 0, 0])
    #expect(throws: FrameError.empty) { try decoder.next() }
    #expect(throws: FrameError.empty) { try Frame.encode(WireEnvelope()) }
  }

  @Test("a payload that is no envelope ends the stream")
  func malformed() {
    var decoder = FrameDecoder()
    decoder.append([0, 0, 0, 2, 0x08, 0xff])
    #expect(throws: FrameError.malformed) { try decoder.nextEnvelope() }
    #expect(throws: FrameError.malformed) { try decoder.next() }
  }

  @Test("a message over the limit is not sent")
  func tooLongToSend() throws {
    var error = WireError()
    error.message = String(repeating: "x", count: Frame.limit - 100)
    #expect(try WireEnvelope(request: 1, .error(error)).frame().count < Frame.limit)
    error.message = String(repeating: "x", count: Frame.limit)
    #expect(throws: FrameError.self) { try WireEnvelope(request: 1, .error(error)).frame() }
  }

  @Test("100,000 frames in one buffer cost what their bytes cost, and leave nothing behind")
  func pipelined() throws {
    let frame = try WireEnvelope(request: 1, .getStatus(WireGetStatus())).frame()
    let stream = Array(repeatElement(frame, count: 100_000).joined())
    var decoder = FrameDecoder()
    let clock = ContinuousClock()
    var count = 0
    let whole = try clock.measure {
      decoder.append(stream)
      while try decoder.next() != nil { count += 1 }
    }
    #expect(count == 100_000)
    #expect(decoder.buffered == 0)
    #expect(decoder.capacity == 0, "a buffer of 900 kB is not kept for an idle connection")
    // Quadratic copying would move 35 GB here.
    #expect(whole < .seconds(10))
  }

  @Test("reads that end inside a frame do not let the buffer grow")
  func bounded() throws {
    let frame: [UInt8] = [0, 0, 0x10, 0] + Array(repeating: 1, count: 4096)
    var decoder = FrameDecoder()
    var pending: [UInt8] = []
    var count = 0
    for _ in 0..<1000 {
      pending += frame
      let part = Array(pending.prefix(3000))
      pending.removeFirst(part.count)
      decoder.append(part)
      while try decoder.next() != nil { count += 1 }
      #expect(decoder.capacity <= 32768)
    }
    while !pending.isEmpty {
      decoder.append(Array(pending.prefix(3000)))
      pending.removeFirst(min(3000, pending.count))
      while try decoder.next() != nil { count += 1 }
      #expect(decoder.capacity <= 32768)
    }
    #expect(count == 1000)
  }

  @Test("the memory of a large frame is given back when it was taken")
  func released() throws {
    var decoder = FrameDecoder()
    decoder.append([0, 0x80, 0, 0] + Array(repeating: 1, count: 8 << 20) + [0, 0])
    #expect(try decoder.next()?.count == 8 << 20)
    decoder.append([0])
    #expect(decoder.buffered == 3)
    #expect(decoder.capacity < 8192)
  }
}
