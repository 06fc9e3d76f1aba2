import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("commands in surroundings that nobody wants")
  struct Corners {
    @Test("a result for a closed or full standard output is a failure, and goes nowhere else")
    func closedOutput() throws {
      try Instance.with { instance in
        let id = try instance.submit("-a", "1-2", "--", "true")
        #expect(try instance.wait(id) == 0)
        for sink in [">&-", ">/dev/full"] {
          for (status, line) in [
            (75, "fluster-submit true"), (125, "fluster-submit --wait true"), (75, "fluster-ls"),
            (125, "fluster-wait \(id)"), (75, "fluster ls"), (125, "fluster-wait --help"),
          ] as [(Int32, String)] {
            let finished = try instance.run("sh", "-c", "\(line) \(sink)")
            #expect(finished.status == status, "\(line) \(sink): \(finished)")
            #expect(finished.errors.contains("standard output"), "\(line) \(sink): \(finished)")
          }
        }
        let nothing = try instance.run("sh", "-c", "exec fluster-submit true <&- >&- 2>&-")
        #expect(nothing.status == 75)
        #expect(!instance.said(by: .controller).contains { $0.contains("frame") })
      }
    }
  }
}
