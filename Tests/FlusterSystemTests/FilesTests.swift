import FlusterSystem
import Glibc
import Testing

@Suite struct FilesTests {
  @Test("a file is replaced whole, with its mode, and nothing is left beside it")
  func replaces() throws {
    try ScratchDirectory.with { scratch in
      try Files.writeAtomically(scratch("f"), [1], mode: 0o644)
      try Files.writeAtomically(scratch("f"), [2, 3], mode: 0o600)
      #expect(try Files.read(scratch("f"), limit: 2) == [2, 3])
      #expect(mode(of: scratch("f")) == 0o600)
      #expect(try Files.names(in: scratch.path) == ["f"])
    }
  }

  @Test("a replacement that fails leaves the old file and nothing beside it")
  func failsCleanly() throws {
    try ScratchDirectory.with { scratch in
      try Files.makeDirectory(scratch("f"), mode: 0o700)
      let error = failure { () throws(SystemError) in
        try Files.writeAtomically(scratch("f"), [1], mode: 0o600)
      }
      #expect(error?.errno == EISDIR)
      #expect(try Files.names(in: scratch.path) == ["f"])
    }
  }

  @Test("a file longer than the limit is refused")
  func limits() throws {
    try ScratchDirectory.with { scratch in
      try Files.writeAtomically(scratch("f"), [UInt8](repeating: 1, count: 100_001), mode: 0o600)
      #expect(try Files.read(scratch("f"), limit: 100_001).count == 100_001)
      let error = failure { () throws(SystemError) in
        _ = try Files.read(scratch("f"), limit: 100_000)
      }
      #expect(error?.errno == EFBIG)
      #expect(error?.description == "read \(scratch("f")): file too large")
    }
  }

  @Test("directories are made with all that is above them, again and again")
  func makesDirectories() throws {
    try ScratchDirectory.with { scratch in
      for _ in 0..<2 { try Files.makeDirectories(scratch("a/b/c"), mode: 0o711) }
      #expect(mode(of: scratch("a")) == 0o711 && mode(of: scratch("a/b/c")) == 0o711)
      try Files.writeAtomically(scratch("f"), [], mode: 0o600)
      let error = failure { () throws(SystemError) in
        try Files.makeDirectory(scratch("f"), mode: 0o700)
      }
      #expect(error?.errno == EEXIST)
    }
  }

  @Test("removing tells whether there was something, and paths resolve through links")
  func removes() throws {
    try ScratchDirectory.with { scratch in
      try Files.writeAtomically(scratch("f"), [], mode: 0o600)
      #expect(symlink(scratch("f"), scratch("l")) == 0)
      #expect(try Files.realpath(scratch("l")) == scratch("f"))
      #expect(try Files.remove(scratch("l")))
      #expect(try !Files.remove(scratch("l")))
      #expect(Files.exists(scratch("f")) && !Files.isDirectory(scratch("f")))
    }
  }
}
