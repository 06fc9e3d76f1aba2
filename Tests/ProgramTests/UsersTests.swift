import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("several users, as root")
  struct Users {
    @Test("jobs run with the uid, groups and limits of their own users")
    func identities() throws {
      try SystemInstance.with { instance in
        let script = "id -u; id -g; id -G; ulimit -Sn; umask"
        let alice = try instance.submit(
          as: .alice, "--rlimit", "nofile=64:128", "--umask", "027", "--", "sh", "-c", script)
        let bob = try instance.submit(as: .bob, "--", "sh", "-c", "id -u; id -g; id -G")
        #expect(try instance.run(as: .alice, "fluster-wait", alice).status == 0)
        #expect(try instance.run(as: .bob, "fluster-wait", bob).status == 0)
        #expect(
          try instance.run(as: .alice, "fluster-log", alice).lines
            == ["1101", "1101", "1101 1200", "64", "0027"])
        #expect(
          try instance.run(as: .bob, "fluster-log", bob).lines == ["1102", "1102", "1102"])
      }
    }

    @Test("nobody can kill, read or see what is another's")
    func strangers() throws {
      try SystemInstance.with { instance in
        let id = try instance.submit(as: .alice, "--", "sh", "-c", "echo secret; sleep 1000")
        try eventually("the job has printed") {
          try instance.run(as: .alice, "fluster-log", id).output == "secret\n"
        }
        for command in [["fluster-kill"], ["fluster-log"]] {
          let refused = try instance.run(as: .bob, command + [id])
          #expect([66, 77].contains(refused.status), "\(refused)")
          #expect(!refused.output.contains("secret"))
        }
        let held = try instance.run(as: .bob, "fluster-set", id, "hold")
        #expect([66, 77].contains(held.status), "\(held)")
        let named = try instance.run(as: .bob, "fluster-ls", "\(id).7")
        #expect(named.status == 77, "\(named)")
        #expect(named.errors.contains("job \(id) belongs to uid 1101"), "\(named)")
        let seen = try instance.run(as: .bob, "fluster-ls", "-a", "-A", "--no-header")
        #expect(seen.output == "", "\(seen)")
        let log = try instance.run(as: .bob, ["sh", "-c", "cat \(instance.directory)/log/*"])
        #expect(!log.output.contains("secret"), "\(log)")
        #expect(try instance.run(as: .alice, "fluster-kill", id).status == 0)
        #expect(try instance.run(as: .alice, "fluster-wait", id).status == 143)
      }
    }

    @Test("a job has ports, and sockets that only its owner reaches, and leaves none of them")
    func sockets() throws {
      try SystemInstance.with { instance in
        let listen = """
          my $listener = IO::Socket::UNIX->new(Local => $ENV{FLUSTER_SOCK_API}, Listen => 1);
          $listener or die $!;
          $| = 1;
          print "$ENV{FLUSTER_SOCK_API}\\n$ENV{FLUSTER_PORT_WEB}\\n";
          sleep;
          """
        let id = try instance.submit(
          as: .alice, "--sock", "api", "--port", "web", "--umask", "0", "--", "perl",
          "-MIO::Socket::UNIX", "-e", listen)
        var lines: [String] = []
        try eventually("the job listens") {
          lines = try instance.run(as: .alice, "fluster-log", id).lines
          return lines.count == 2
        }
        let path = try #require(lines.first)
        #expect(UInt16(try #require(lines.last)) != nil)
        let reach = [
          "perl", "-MIO::Socket::UNIX", "-e",
          "IO::Socket::UNIX->new(Peer => $ARGV[0]) or die \"$!\\n\"", path,
        ]
        let reached = try instance.run(as: .alice, reach)
        #expect(reached.status == 0, "\(reached)")
        let stranger = try instance.run(as: .bob, reach)
        #expect(stranger.errors == "Permission denied\n", "\(stranger)")
        #expect(try instance.run(as: .alice, "fluster-kill", id).status == 0)
        #expect(try instance.run(as: .alice, "fluster-wait", id).status == 143)
        try eventually("nothing is left of it") { access(path, F_OK) != 0 && errno == ENOENT }
      }
    }

    @Test("output by the line is the owner's, who may reopen its pipe, and nobody else's")
    func outputByLine() throws {
      try SystemInstance.with { instance in
        let script = "echo one; echo two >>/dev/stdout; echo three >>/dev/stderr"
        let id = try instance.submit(as: .alice, "--timestamps", "-c", script)
        #expect(try instance.run(as: .alice, "fluster-wait", id).status == 0)
        let log = try instance.run(as: .alice, "fluster-log", id)
        let words = log.lines.map { $0.split(separator: " ").map(String.init) }
        #expect(words.map(\.last) == ["one", "two", "three"], "\(log)")
        #expect(words.allSatisfy { $0.count == 2 && $0[0].hasSuffix("Z") }, "\(log)")
        #expect(try instance.run(as: .bob, "fluster-log", id).status == 77)
      }
    }

    @Test("a script is its owner's alone, kept and running")
    func script() throws {
      try SystemInstance.with { instance in
        let text = "#!/bin/sh\necho running; head -n 1 \"$0\"; echo $$; sleep 1000\n"
        let id = try #require(
          try instance.run(as: .alice, ["fluster-submit", "-"], input: text).lines.first)
        try eventually("the job has printed") {
          try instance.run(as: .alice, "fluster-log", id).lines.count == 3
        }
        let lines = try instance.run(as: .alice, "fluster-log", id).lines
        #expect(lines[1] == "#!/bin/sh")
        let path = "/proc/\(lines[2])/fd/100"
        #expect(try instance.run(as: .alice, "cat", path).output == text)
        #expect(try instance.run(as: .bob, "cat", path).status == 1)
        #expect(try instance.run(as: .alice, "fluster-ls", "--script", id).output == text)
        let refused = try instance.run(as: .bob, "fluster-ls", "--script", id)
        #expect(refused.status == 77 && refused.output == "", "\(refused)")
        #expect(try instance.run(as: .alice, "fluster-kill", id).status == 0)
        #expect(try instance.run(as: .alice, "fluster-wait", id).status == 143)
      }
    }

    @Test("a reload changes who may connect")
    func mode() throws {
      try SystemInstance.with { instance in
        let socket = "\(instance.directory)/run/control.sock"
        func mode() -> UInt32 {
          var status = stat()
          return stat(socket, &status) == 0 ? status.st_mode & 0o777 : 0
        }
        #expect(mode() == 0o666)
        try instance.configure("[Controller]\nSocketMode=0600\n")
        try eventually("the socket is its owner's") { mode() == 0o600 }
        #expect(try instance.run(as: .bob, "fluster-ls").status != 0)
        try instance.configure("")
        try eventually("the socket is everybody's") { mode() == 0o666 }
      }
    }

    @Test("the feed shows one's own jobs only, and workers to who asks for all")
    func feed() throws {
      try SystemInstance.with { instance in
        let hers = try instance.submit(as: .alice, "-n", "hers", "--", "true")
        #expect(try instance.run(as: .alice, "fluster-wait", hers).status == 0)
        let his = try instance.submit(as: .bob, "-n", "his", "--", "true")
        #expect(try instance.run(as: .bob, "fluster-wait", his).status == 0)
        func events(_ user: SystemInstance.User, _ arguments: String...) throws -> String {
          try instance.run(as: user, ["fluster-ls", "--cursor", "start", "--json"] + arguments)
            .output
        }
        #expect(try events(.bob).contains("\"his\"") && !events(.bob).contains("\"hers\""))
        #expect(try events(.bob, "-a").contains("worker_registered"))
        #expect(try !events(.bob, "-a").contains("\"hers\""))
        #expect(try events(.root, "-a").contains("\"hers\""))
        #expect(try !events(.root).contains("\"hers\""))
        let refused = try instance.run(as: .bob, "fluster-ls", "--cursor", "start", hers)
        #expect(refused.status == 77, "\(refused)")
      }
    }

    @Test("uid 0 is refused")
    func root() throws {
      try SystemInstance.with { instance in
        let refused = try instance.run(as: .root, "fluster-submit", "--wait", "--", "true")
        #expect([77, 125, 126].contains(refused.status), "\(refused)")
        #expect(!refused.errors.isEmpty)
      }
    }

    @Test("output into a place that the user may not write fails as that user")
    func output() throws {
      try SystemInstance.with { instance in
        let path = "\(instance.directory)/root-only/output"
        mkdir("\(instance.directory)/root-only", 0o755)
        let id = try instance.submit(as: .alice, "-o", path, "--", "true")
        #expect(try instance.run(as: .alice, "fluster-wait", id).status == 126)
        let detail = try instance.run(as: .alice, "fluster-ls", "-l", id).output
        #expect(detail.contains("did not start: stdout"), "\(detail)")
        #expect(access(path, F_OK) != 0)
      }
    }
  }
}
