import FlusterCore
import Testing

@Suite struct QuantityTests {
  /// Scenario 33.
  @Test(
    "sizes are read in binary units",
    arguments: [
      ("8g", 8 << 30), ("16 GB", 16 << 30), ("512m", 512 << 20), ("1024", 1024), ("0", 0),
      ("1.5G", 3 << 29), ("100B", 100), ("2KiB", 2048), ("1T", 1 << 40), ("0.1k", 102),
      ("16777215T", 16_777_215 << 40),
    ] as [(String, UInt64)])
  func sizes(text: String, bytes: UInt64) throws {
    #expect(try Quantity.bytes(parsing: text) == bytes)
  }

  /// Scenario 33.
  @Test(
    "what is no size is refused with the accepted forms",
    arguments: [
      "8x", "", " ", "8 ", " 8", "-1", "+1", "1.5", "1.", ".5G", "8gg", "8 g b", "0x8", "１",
      "18446744073709551616", "16777216T", "8\n",
    ])
  func noSizes(text: String) {
    let error = #expect(throws: QuantityError.self) { try Quantity.bytes(parsing: text) }
    #expect(
      error?.description
        == "\"\(text)\" is no size\naccepted forms: 1024, 512K, 100M, 1.5G, 2T")
  }

  @Test(
    "spans are read in descending units",
    arguments: [
      ("90", 90_000), ("90s", 90_000), ("5m", 300_000), ("2h30m", 9_000_000), ("1d", 86_400_000),
      ("0", 0), ("0.5", 500), ("1.5s", 1500), ("500ms", 500), ("1d2h3m4s5ms", 93_784_005),
      ("1m0.25s", 60_250),
    ] as [(String, UInt64)])
  func spans(text: String, milliseconds: UInt64) throws {
    #expect(try Quantity.milliseconds(parsing: text) == milliseconds)
  }

  @Test(
    "what is no span is refused with the accepted forms",
    arguments: [
      "", "s", "8x", "1h2h", "1m2h", "1.5h", "1h30", "-1", "1 h", "0.0001", "99999999999999999999",
      "213503982335d", "1H", "1s.5",
    ])
  func noSpans(text: String) {
    let error = #expect(throws: QuantityError.self) { try Quantity.milliseconds(parsing: text) }
    #expect(
      error?.description
        == "\"\(text)\" is no span of time\naccepted forms: 90, 90s, 1.5s, 5m, 2h30m, 1d")
  }

  @Test(
    "cpus are read in thousandths",
    arguments: [
      ("4", 4000), ("0.5", 500), ("1.25", 1250), ("0", 0), ("0.001", 1),
    ] as [(String, UInt64)])
  func cpus(text: String, millis: UInt64) throws {
    #expect(try Quantity.cpuMillis(parsing: text) == millis)
  }

  @Test(
    "what is no number of cpus is refused",
    arguments: [
      "", "1.2345", "-1", "500m", "1,5", "99999999999999999999", "99999999999999999",
    ])
  func noCpus(text: String) {
    let error = #expect(throws: QuantityError.self) { try Quantity.cpuMillis(parsing: text) }
    #expect(
      error?.description == "\"\(text)\" is no number of cpus\naccepted forms: 4, 0.5, 1.25")
  }

  @Test(
    "sizes are written for people",
    arguments: [
      (0, "0"), (100, "100B"), (1023, "1023B"), (1024, "1K"), (512 << 20, "512M"),
      (3 << 29, "1.5G"), (64 << 30, "64G"), ((1 << 30) - 1, "1G"), (100_000_000, "95.4M"),
      (1 << 50, "1024T"), (.max, "16777216T"),
    ] as [(UInt64, String)])
  func writesSizes(bytes: UInt64, text: String) {
    #expect(Quantity.text(bytes: bytes) == text)
  }

  @Test(
    "spans are written in their two largest units",
    arguments: [
      (0, "0s"), (500, "500ms"), (1500, "1.5s"), (9999, "9.9s"), (45_600, "45s"),
      (60_000, "1m"), (7_800_000, "2h10m"), (7_859_000, "2h10m"), (93_600_000, "1d2h"),
      (86_460_000, "1d"), (3_601_000, "1h"),
    ] as [(UInt64, String)])
  func writesSpans(milliseconds: UInt64, text: String) {
    #expect(Quantity.text(milliseconds: milliseconds) == text)
  }

  @Test(
    "cpus are written without empty decimals",
    arguments: [
      (4000, "4"), (500, "0.5"), (1250, "1.25"), (1, "0.001"), (0, "0"),
    ] as [(UInt64, String)])
  func writesCpus(millis: UInt64, text: String) {
    #expect(Quantity.text(cpuMillis: millis) == text)
  }

  @Test("a written size is read as nearly the same")
  func roundTrips() throws {
    for shift in UInt64(0)..<50 {
      let bytes = UInt64(1) << shift
      #expect(try Quantity.bytes(parsing: Quantity.text(bytes: bytes)) == bytes)
    }
  }
}
