import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("acknowledged means durable")
  struct Durability {
    @Test("the store is synced between the arrival of a submit and its answer")
    func synced() throws {
      guard access("/usr/bin/strace", X_OK) == 0 else {
        #expect(maySkip(because: "strace is not installed"))
        return
      }
      try Instance.with(daemons: [.controller]) { instance in
        _ = try instance.submit("--hold", "--", "true")
        let trace = "\(instance.directory)/trace"
        let strace = try Program(
          [
            "strace", "-f", "-o", trace, "-e",
            "trace=recvmsg,recvfrom,read,sendmsg,sendto,write,fdatasync,fsync", "-p",
            "\(try instance.pid(of: .controller))",
          ], environment: Processes.environment)
        defer { strace.signal(SIGINT) }
        try eventually("strace is attached") {
          try text(at: "/proc/\(instance.pid(of: .controller))/status")
            .contains("TracerPid:\t\(strace.pid)")
        }
        _ = try instance.submit("--hold", "--", "true")
        strace.signal(SIGINT)
        let ended = try strace.finish(within: 20)
        let calls = try text(at: trace).split(separator: "\n").map(String.init)
        let request = calls.lastIndex { $0.contains("recv") && ($0.returned ?? 0) > 100 }
        let sync = calls.lastIndex { $0.contains("fdatasync(") || $0.contains("fsync(") }
        let answer = calls.lastIndex { $0.contains("send") && ($0.returned ?? 0) > 0 }
        let order = "request \(request ?? -1), sync \(sync ?? -1), answer \(answer ?? -1)"
        let detail = "\(order)\n\(ended)\n\(calls.joined(separator: "\n"))"
        #expect(request != nil && sync != nil && answer != nil, "\(detail)")
        #expect((request ?? 0) < (sync ?? 0) && (sync ?? 0) < (answer ?? 0), "\(detail)")
      }
    }

    @Test("a second flusterd on the same state is refused with the directory's name")
    func second() throws {
      try Instance.with(daemons: [.controller]) { instance in
        var environment = instance.environment
        environment["XDG_RUNTIME_DIR"] = "\(instance.directory)/second"
        mkdir("\(instance.directory)/second", 0o700)
        let refused = try Program(["flusterd"], environment: environment).finish(within: 10)
        #expect(refused.status != 0)
        #expect(refused.errors.contains(instance.stateDirectory), "\(refused)")
        #expect(try instance.run("fluster-ls").status == 0)
      }
    }

    @Test("a damaged store is refused with the path of the file, and left as it is")
    func damaged() throws {
      try Instance.with(daemons: [.controller]) { instance in
        for _ in 0..<20 { _ = try instance.submit("--hold", "--", "true") }
        try instance.end(.controller, by: SIGTERM)
        let store = try #require(
          names(in: instance.stateDirectory).first { !$0.hasSuffix("-wal") && $0.contains("store") }
            ?? names(in: instance.stateDirectory).first { $0.hasSuffix(".db") })
        let path = "\(instance.stateDirectory)/\(store)"
        for name in names(in: instance.stateDirectory) where name.hasSuffix("-wal") {
          unlink("\(instance.stateDirectory)/\(name)")
        }
        try write("this is no database, and never was one\n", to: path)
        let refused = try instance.run("flusterd", within: 10)
        #expect(refused.status != 0)
        #expect(refused.errors.contains(path), "\(refused)")
        #expect(try text(at: path).hasPrefix("this is no database"))
      }
    }

    @Test("on a full disk nothing is acknowledged, and service resumes when there is room")
    func fullDisk() throws {
      guard geteuid() == 0 else {
        #expect(maySkip(because: "a small file system needs root"))
        return
      }
      try Instance.with(daemons: []) { instance in
        mkdir("\(instance.directory)/state", 0o700)
        guard mount("small", "\(instance.directory)/state", "tmpfs", 0, "size=2m,mode=700") == 0
        else {
          #expect(maySkip(because: "tmpfs cannot be mounted here"))
          return
        }
        defer { umount2("\(instance.directory)/state", Int32(MNT_DETACH)) }
        try instance.start(.controller)
        var printed = [try instance.submit("--hold", "--", "true")]
        try fill("\(instance.directory)/state/filler")
        var refused: Finished?
        for _ in 0..<200 where refused == nil {
          let finished = try instance.run("fluster-submit", "--hold", "--", "true")
          if finished.status == 0 { printed += finished.lines } else { refused = finished }
        }
        #expect(refused?.status == 75, "\(refused.map(\.description) ?? "never refused")")
        let said = refused?.errors ?? ""
        #expect(said.contains("room") || said.contains("full") || said.contains("space"), "\(said)")
        #expect(try instance.run("fluster-ls").status == 0)
        unlink("\(instance.directory)/state/filler")
        try eventually("service resumes") {
          let finished = try instance.run("fluster-submit", "--hold", "--", "true")
          printed += finished.lines
          return finished.status == 0
        }
        try instance.end(.controller, by: SIGKILL)
        try instance.start(.controller)
        let listed = try instance.run("fluster-ls", "--no-header", "-o", "ID").lines
        #expect(listed.map(\.trimmed) == printed)
        try instance.end(.controller, by: SIGTERM)
      }
    }

    private func fill(_ path: String) throws {
      let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      guard file >= 0 else { throw Failed("open \(path)") }
      defer { close(file) }
      let block = [UInt8](repeating: 0, count: 4096)
      while Glibc.write(file, block, block.count) > 0 {}
    }
  }
}

extension String {
  /// What a traced call gave back.
  fileprivate var returned: Int? {
    split(separator: "= ").last.flatMap { Int($0.prefix { $0.isNumber || $0 == "-" }) }
  }
}
