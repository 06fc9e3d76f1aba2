import FlusterProtocol
import FlusterSystem
import FlusterTesting
import Glibc
import Testing

@testable import FlusterWorker

@Suite("output by the line")
struct OutputLinesTests {
  private func ends(_ text: [UInt8], isEnd: Bool = false) -> [(Range<Int>, OutputLines.End)] {
    OutputLines(text, isEnd: isEnd).pieces.map { ($0.range, $0.end) }
  }

  @Test("whole lines are cut, and the rest waits for its end")
  func cutting() {
    let lines = OutputLines(Array("a\n\nbc\nd".utf8), isEnd: false)
    #expect(lines.pieces.map(\.range) == [0..<2, 2..<3, 3..<6] && lines.rest == 6)
    #expect(lines.logged(stamp: nil, inMidLine: false) == Array("a\n\nbc\n".utf8))
    #expect(
      lines.logged(stamp: Array("T ".utf8), inMidLine: false) == Array("T a\nT \nT bc\n".utf8))
    #expect(lines.logged(stamp: Array("T ".utf8), inMidLine: true) == Array("a\nT \nT bc\n".utf8))
    let last = OutputLines(Array("d".utf8), isEnd: true)
    #expect(last.pieces.map(\.end) == [.stream] && last.rest == 1)
    #expect(OutputLines([], isEnd: true).pieces.isEmpty)
  }

  @Test("a line of 48 KiB is whole, a longer one is split there")
  func splitting() {
    let long = [UInt8](repeating: 0x78, count: OutputLines.longest)
    let whole = OutputLines(long + [0x0a], isEnd: false)
    #expect(whole.pieces.map(\.end) == [.line] && whole.rest == long.count + 1)
    let split = OutputLines(long + Array("yz\nend".utf8), isEnd: false)
    #expect(split.pieces.map(\.end) == [.split, .line] && split.rest == long.count + 3)
    #expect(
      split.logged(stamp: Array("T ".utf8), inMidLine: false)
        == Array("T ".utf8) + long + Array("yz\n".utf8))
    #expect(OutputLines(long, isEnd: false).endsInMidLine)
  }

  @Test("the stamp is RFC 3339 in UTC with milliseconds")
  func stamp() {
    func text(_ milliseconds: Int64) -> String {
      String(decoding: OutputLines.stamp(wall: milliseconds), as: UTF8.self)
    }
    #expect(text(0) == "1970-01-01T00:00:00.000Z ")
    #expect(text(1_795_406_400_007) == "2026-11-23T04:00:00.007Z ")
  }

  @Test("a label comes out of its bytes as it went in")
  func label() throws {
    for label in [
      OutputLabel(isTimed: true, fields: []),
      OutputLabel(isTimed: false, fields: [Array("A=b\nc".utf8), Array("D=".utf8)]),
    ] {
      #expect(OutputLabel(bytes: label.bytes) == label)
      #expect(OutputLabel(bytes: Array(label.bytes.dropLast())) == nil)
    }
    #expect(OutputLabel(bytes: []) == nil && OutputLabel(bytes: Array("x\0".utf8)) == nil)
    var run = WireRun()
    run.launch.journal = true
    run.taskCount = 1
    run.name = "n"
    let one = OutputLabel(run: run, worker: "w", ownerName: "ann").fields
    #expect(one.contains(Array("FLUSTER_USER=ann".utf8)))
    #expect(!one.contains { $0.starts(with: "FLUSTER_TASK=".utf8) })
    run.explicit = true
    let array = OutputLabel(run: run, worker: "w", ownerName: "").fields
    #expect(array.contains(Array("FLUSTER_TASK=0".utf8)))
  }
}
