import FlusterSystem
import Glibc
import Testing

private let sections: [String: Set<String>] = [
  "Controller": ["IdleExitSec", "AllowUsers"], "Worker": ["Id"],
]

@Suite struct ConfigurationTests {
  @Test("values are found by section and key, without the white space and comments around them")
  func reads() throws {
    var configuration = Configuration()
    let text =
      "# a comment\n; another\n\n[Controller]\r\n  IdleExitSec =  90s \r\n[Worker]\nId=a=b #c"
    try configuration.add(text, file: "f", sections: sections)
    let value = try #require(configuration.string("Controller", "IdleExitSec"))
    #expect(value.text == "90s" && value.origin == "f:5")
    #expect(configuration.string("Worker", "Id")?.text == "a=b #c")
    #expect(configuration.string("Worker", "IdleExitSec") == nil)
    #expect(value.refused("too short").description == "f:5: too short")
  }

  @Test(
    "what is wrong is refused with its file and line",
    arguments: [
      ("[Controller]\n\nFoo=1", "f:3: unknown key \"Foo\" in section [Controller]"),
      ("[Controller]\nId=1", "f:2: unknown key \"Id\" in section [Controller]"),
      ("[Controler]", "f:1: unknown section [Controler]"),
      ("[Controller", "f:1: expected \"]\" at the end of the line"),
      ("[Controller]\nIdleExitSec", "f:2: expected Key=value or [Section]"),
      ("IdleExitSec=1", "f:1: this line is in no section"),
      ("[Controller]\n=1", "f:2: unknown key \"\" in section [Controller]"),
      ("[Controller]\nidleexitsec=1", "f:2: unknown key \"idleexitsec\" in section [Controller]"),
    ])
  func refuses(text: String, reason: String) {
    var configuration = Configuration()
    let error = failure { () throws(ConfigurationError) in
      try configuration.add(text, file: "f", sections: sections)
    }
    #expect(error?.description == reason)
  }

  @Test("drop-ins are read in the order of their names: values replace, lists add up or restart")
  func dropIns() throws {
    try ScratchDirectory.with { scratch in
      let path = scratch("fluster.conf")
      try write("[Controller]\nIdleExitSec=1\nAllowUsers=a b", to: path)
      try Files.makeDirectory("\(path).d", mode: 0o755)
      try write("[Controller]\nAllowUsers=d\nIdleExitSec=3", to: "\(path).d/20-b.conf")
      try write("[Controller]\nAllowUsers=c\nIdleExitSec=2", to: "\(path).d/10-a.conf")
      try write("nonsense", to: "\(path).d/README")
      let loaded = try Configuration.load(path: path, sections: sections)
      #expect(loaded.string("Controller", "IdleExitSec")?.origin == "\(path).d/20-b.conf:3")
      #expect(loaded.list("Controller", "AllowUsers").map(\.text) == ["a b", "c", "d"])
      #expect(loaded.words("Controller", "AllowUsers").map(\.text) == ["a", "b", "c", "d"])
      try write("[Controller]\nAllowUsers=\nAllowUsers=e", to: "\(path).d/30-c.conf")
      let reset = try Configuration.load(path: path, sections: sections)
      #expect(reset.words("Controller", "AllowUsers").map(\.text) == ["e"])
    }
  }

  @Test("no file at all is a configuration that says nothing")
  func missing() throws {
    let none = try Configuration.load(path: "/nonexistent/fluster.conf", sections: sections)
    #expect(none.string("Worker", "Id") == nil && none.list("Worker", "Id").isEmpty)
  }

  @Test("what cannot be read or is no text is refused by name")
  func unreadable() throws {
    try ScratchDirectory.with { scratch in
      let directory = failure { () throws(ConfigurationError) in
        _ = try Configuration.load(path: scratch.path, sections: sections)
      }
      #expect(directory?.description == "\(scratch.path): is a directory")
      try Files.writeAtomically(scratch("f"), [0xFF], mode: 0o600)
      let binary = failure { () throws(ConfigurationError) in
        _ = try Configuration.load(path: scratch("f"), sections: sections)
      }
      #expect(binary?.description == "\(scratch("f")): is not UTF-8 text")
    }
  }

  @Test("a file of a stranger, or one that others may write, is refused where it must be trusted")
  func trust() throws {
    try ScratchDirectory.with { scratch in
      let load = { (owner: UInt32) in
        failure { () throws(ConfigurationError) in
          _ = try Configuration.load(path: scratch("f"), sections: sections, owner: owner)
        }
      }
      try write("[Worker]\nId=1", to: scratch("f"))
      #expect(load(geteuid()) == nil)
      let reason = "\(scratch("f")): must belong to uid 4321 and be writable by nobody else"
      #expect(load(4321)?.description == reason)
      #expect(chmod(scratch("f"), 0o664) == 0)
      #expect(load(geteuid()) != nil)
    }
  }

  private func write(_ text: String, to path: String) throws {
    try Files.writeAtomically(path, Array(text.utf8), mode: 0o644)
  }
}
