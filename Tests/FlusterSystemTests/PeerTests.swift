import FlusterSystem
import Glibc
import Testing

@Suite struct PeerTests {
  @Test("the peer's credentials and groups are those the kernel knows")
  func credentials() throws {
    let (mine, theirs) = try UnixSocket.pair(kind: .stream)
    let credential = try PeerCredential.of(mine)
    #expect(credential.uid == geteuid())
    #expect(credential.gid == getegid())
    #expect(credential.pid == getpid())
    var expected = [gid_t](repeating: 0, count: 1024)
    expected.removeLast(1024 - Int(getgroups(1024, &expected)))
    #expect(try PeerCredential.groups(of: theirs).sorted() == expected.sorted())
  }

  @Test("what is no socket has no credentials")
  func noSocket() throws {
    let memory = try SealedMemory.make([], name: "test")
    let error = failure { () throws(SystemError) in _ = try PeerCredential.of(memory) }
    #expect(error?.errno == ENOTSOCK)
  }

  @Test("the peer's process can be held by descriptor, where the kernel can")
  func peerProcess() throws {
    let (mine, theirs) = try UnixSocket.pair(kind: .stream)
    guard let process = try PidFD.ofPeer(mine) else { return }
    #expect(closesOnExec(process))
    try PidFD.send(signal: 0, to: process)
    withExtendedLifetime(theirs) {}
  }

  @Test("a process held by descriptor gets signals, and is readable when it has ended")
  func signalsByDescriptor() throws {
    var pid: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawnp(&pid, "sleep", nil, nil, &arguments, nil) == 0)
    let process = try PidFD.open(pid: pid)
    var poller = pollfd(fd: process.raw, events: Int16(POLLIN), revents: 0)
    #expect(poll(&poller, 1, 0) == 0)
    #expect(PidFD.pid(of: process) == pid)
    #expect(PidFD.pid(of: try SealedMemory.make([], name: "test")) == nil)
    try PidFD.send(signal: SIGKILL, to: process)
    #expect(poll(&poller, 1, 10_000) == 1)
    var status: Int32 = 0
    #expect(waitpid(pid, &status, 0) == pid)
    #expect(status & 0x7F == SIGKILL)
    let error = failure { () throws(SystemError) in try PidFD.send(signal: 0, to: process) }
    #expect(error?.errno == ESRCH)
  }
}
