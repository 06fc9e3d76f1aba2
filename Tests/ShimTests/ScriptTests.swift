import FlusterSystem
import Glibc
import Testing

/// Scripts that jobs bring along.
@Suite("the script of a job")
struct ScriptTests {
  private func outcome(
    of text: String, by words: [String], at place: Int, limits: [ShimLimit] = []
  ) throws -> String {
    let fixture = try ShimFixture()
    let connection = try fixture.connect()
    var spawn = fixture.script("")
    spawn.argv = words.map { Array($0.utf8) }
    spawn.script = Array(text.utf8)
    spawn.scriptWord = place
    spawn.limits = limits
    try connection.ask(.spawn(spawn))
    _ = try connection.end(of: spawn.uid)
    return fixture.output
  }

  @Test("is found under a name that leads there from every process of the job")
  func name() throws {
    let text = """
      echo "$1"
      bash -c 'exec 100>&-; head -n 1 "$0"' "$0"
      readlink "$0" | cut -d' ' -f1
      test "$0" = "/proc/$$/fd/100" && echo named
      """
    #expect(
      try outcome(of: text, by: ["sh", "-", "one"], at: 1)
        == "one\necho \"$1\"\n/memfd:fluster-script\nnamed\n")
  }

  @Test("needs none of the descriptors that the job may have")
  func descriptors() throws {
    // The shell itself wants the number 10.
    let few = ShimLimit(resource: 7, soft: 11, hard: 11)
    #expect(try outcome(of: "echo fine", by: ["sh", "x"], at: 1, limits: [few]) == "fine\n")
  }

  @Test("cannot be changed by the job")
  func sealed() throws {
    let text = "(echo more >>\"$0\") 2>/dev/null || echo sealed"
    #expect(try outcome(of: text, by: ["sh", "x"], at: 1) == "sealed\n")
  }
}
