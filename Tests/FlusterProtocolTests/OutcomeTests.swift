import FlusterCore
import FlusterProtocol
import Testing

@Suite("Outcomes")
struct OutcomeTests {
  @Test("every lawful outcome goes both ways", arguments: Cause.allCases)
  func bothWays(_ cause: Cause) throws {
    var usage = Usage()
    usage.wallMilliseconds = 1
    usage.peakMemoryBytes = 0
    for text in ["", "said no"] {
      for usage in [usage, Usage()] {
        let outcomes: [Outcome] =
          switch cause {
          case .exit: [0, 7, 255].map { Outcome(cause, exitCode: $0, text: text, usage: usage) }
          case .signal: [1, 127].map { Outcome(cause, signal: $0, text: text, usage: usage) }
          case .start:
            StartReason.allCases.map {
              Outcome(cause, startReason: $0, startErrno: 2, text: text, usage: usage)
            }
          case .timeLimit, .memoryLimit, .killed, .workerLost, .preempted, .gang, .dependency,
            .deadline:
            [
              Outcome(cause, text: text, usage: usage),
              Outcome(cause, exitCode: 0, text: text, usage: usage),
              Outcome(cause, signal: 9, text: text, usage: usage),
            ]
          }
        for outcome in outcomes { #expect(try Outcome(wire: WireOutcome(outcome)) == outcome) }
      }
    }
  }

  private func wire(_ change: (inout WireOutcome) -> Void) -> WireOutcome {
    var wire = WireOutcome(Outcome(.exit, exitCode: 0))
    change(&wire)
    return wire
  }

  @Test("an outcome that contradicts itself is refused")
  func contradictions() {
    let bad = [
      wire { $0.exitCode = 256 },
      wire { $0.clearExitCode() },
      wire { $0.signal = 9 },
      wire { $0.cause = .signal },
      wire { $0.startReason = 1 },
      wire { $0.startErrno = 2 },
      wire {
        $0.cause = .killed
        $0.clearExitCode()
        $0.signal = 0
      },
      wire {
        $0.cause = .killed
        $0.clearExitCode()
        $0.signal = 128
      },
      wire {
        $0.cause = .start
        $0.startReason = 99
      },
      WireOutcome(),
    ]
    for wire in bad {
      let refusal = #expect(throws: Refusal.self) { try Outcome(wire: wire) }
      #expect(refusal?.code == .invalidArgument)
    }
  }

  @Test("a worker's sentence cannot draw on anybody's terminal, nor be endless")
  func text() throws {
    let nasty = wire { $0.text = "a\u{1b}[2Jb\nc" + String(repeating: "é", count: 1000) }
    let outcome = try Outcome(wire: nasty)
    #expect(outcome.text.hasPrefix("a [2Jb cé"))
    #expect(outcome.text.utf8.count <= Limit.sentence)
    #expect(outcome.text.hasSuffix("é"))
  }

  @Test("usage that cannot be true reads as unknown")
  func usage() throws {
    let odd = wire {
      $0.usage.wallMs = .max
      $0.usage.userUs = UInt64(Int64.max)
    }
    let usage = try Outcome(wire: odd).usage
    #expect(usage.wallMilliseconds == nil)
    #expect(usage.userMicroseconds == UInt64(Int64.max))
    #expect(usage.systemMicroseconds == nil)
  }
}
