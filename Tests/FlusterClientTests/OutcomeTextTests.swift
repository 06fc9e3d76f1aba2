import FlusterClient
import FlusterCore
import Testing

@Suite("How an end is told to people")
struct OutcomeTextTests {
  @Test(
    "no brackets stand inside others, and a start that failed names what it was about",
    arguments: [
      (Outcome(.exit, exitCode: 0), "succeeded"),
      (Outcome(.exit, exitCode: 7), "exit code 7"),
      (Outcome(.signal, signal: 9), "killed by signal 9 (KILL)"),
      (Outcome(.signal, signal: 40), "killed by signal 40"),
      (Outcome(.killed, signal: 15), "killed (signal 15, TERM)"),
      (Outcome(.killed, signal: 40), "killed (signal 40)"),
      (Outcome(.timeLimit, exitCode: 3), "time limit reached (exit code 3)"),
      (
        Outcome(.start, startReason: .exec, startErrno: 2, text: "nosuch"),
        "did not start: exec: nosuch: no such file or directory"
      ),
      (Outcome(.start, startReason: .time), "did not start: time"),
    ])
  func phrase(outcome: Outcome, phrase: String) {
    #expect(outcome.phrase == phrase)
  }
}
