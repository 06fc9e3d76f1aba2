import Testing

@testable import FlusterWorker

@Suite("the pressure on memory")
struct MemoryPressureTests {
  @Test("the kernel's share of the last ten seconds is read, and nothing is made of other texts")
  func reading() {
    let text = "some avg10=12.34 avg60=0.00 avg300=0.00 total=7\nfull avg10=1.00 avg60=0.00\n"
    #expect(MemoryPressure(text)?.share == 1234)
    #expect(MemoryPressure("full avg10=1.00\nsome avg10=100.00 total=1\n")?.share == 10_000)
    for text in ["", "some", "some avg10=", "some avg10=1", "some avg10=x.00", "full avg10=1.00"] {
      #expect(MemoryPressure(text) == nil, "\(text)")
    }
  }

  @Test("it is high at the limit, and until it is a quarter below")
  func limits() throws {
    func isHigh(_ share: String, _ already: Bool) throws -> Bool {
      try #require(MemoryPressure("some avg10=\(share)\n")).isHigh(limit: 40, already: already)
    }
    #expect(try isHigh("40.00", false) && !isHigh("39.99", false))
    #expect(try isHigh("30.00", true) && !isHigh("29.99", true))
  }
}
