import CFluster
import FlusterSystem
import Glibc
import Testing

@Suite struct SealedMemoryTests {
  @Test("what was put in comes out, and nobody can change it", arguments: [0, 1, 200_000])
  func roundTrip(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    let memory = try SealedMemory.make(bytes, name: "test")
    #expect(closesOnExec(memory))
    #expect(try SealedMemory.read(memory, limit: count) == bytes)
    #expect(pwrite(memory.raw, [1], 1, 0) == -1)
    #expect(ftruncate(memory.raw, 1 << 20) == -1)
  }

  @Test("more than the limit is refused")
  func limit() throws {
    let memory = try SealedMemory.make([1, 2, 3], name: "test")
    let error = failure { () throws(SystemError) in _ = try SealedMemory.read(memory, limit: 2) }
    #expect(error?.errno == EFBIG)
  }

  @Test("memory that is not sealed is refused")
  func unsealed() throws {
    let memory = Descriptor(adopting: fl_memfd("test"))
    let error = failure { () throws(SystemError) in _ = try SealedMemory.read(memory, limit: 9) }
    #expect(error?.errno == EPERM)
    #expect(error?.description == "read memory that is not sealed: operation not permitted")
  }

  @Test("a file and a pipe are refused")
  func noMemory() throws {
    for path in ["/dev/null", "/proc/self/exe"] {
      let file = Descriptor(adopting: open(path, O_RDONLY | O_CLOEXEC))
      let error = failure { () throws(SystemError) in _ = try SealedMemory.read(file, limit: 9) }
      #expect(error?.errno == EPERM)
    }
    let (socket, _) = try UnixSocket.pair(kind: .stream)
    let error = failure { () throws(SystemError) in _ = try SealedMemory.read(socket, limit: 9) }
    #expect(error?.errno == EPERM)
  }
}
