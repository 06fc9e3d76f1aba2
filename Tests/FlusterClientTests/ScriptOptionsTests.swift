import FlusterClient
import FlusterCore
import Testing

@testable import FlusterCommands

@Suite("options in a script")
struct ScriptOptionsTests {
  private func words(_ text: String) throws -> [String] {
    try ScriptOptions(SubmittedScript(.file("job.sh"), Array(text.utf8))).words
  }

  @Test("are read from the comments that it begins with, and nowhere else")
  func block() throws {
    let text = """
      #!/bin/sh
      # Copyright nobody
      #FLUSTER --cpus 4 --mem=2G

      #FLUSTERED --cpus 5
       #FLUSTER --cpus 6
      #FLUSTER
      #\tFLUSTER --cpus 7
      #FLUSTER\t-r lic=1 -rlic=2  # for the compiler
      :
      #FLUSTER --cpus 8
      """
    #expect(try words(text) == ["--cpus", "4", "--mem=2G", "-r", "lic=1", "-rlic=2"])
    #expect(try words("echo\n#FLUSTER --cpus 8\n") == [])
    #expect(try words("#FLUSTER --hold") == ["--hold"])
  }

  @Test("are split as a shell would, and nothing in them is expanded")
  func split() throws {
    let text = #"#FLUSTER -n 'it is $1' -n "a \"b\" \n $HOME" -n c\ d -n ''"# + "\r\n"
    #expect(
      try words(text) == ["-n", "it is $1", "-n", #"a "b" \n $HOME"#, "-n", "c d", "-n", ""])
  }

  @Test(
    "are refused with their line, whatever is wrong with them",
    arguments: [
      "--cpuz 2", "make", "--cpus", "-", "--", "--socket x", "--socket=x", "-s x", "-sx", "-c x",
      "--wait", "--dry-run", "-q", "-v", "--token=1", "--tie", "--help", "'x", "\"x", "x\\",
      "--mem 8x", "--cpus 0", "-r lic", "-a 5-", "--umask 9", "--env some", "--hold=yes",
      "--time soon", "--band urgent",
    ])
  func refused(line: String) throws {
    let failure = try #require(throws: Failure.self) { try words("#!/bin/sh\n#FLUSTER \(line)\n:") }
    #expect(failure.status == .data, "\(failure)")
    #expect(failure.message.hasPrefix("job.sh:2: "), "\(failure)")
  }
}
