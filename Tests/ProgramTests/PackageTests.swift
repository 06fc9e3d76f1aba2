import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("the Debian package")
  struct Package {
    private static let root = #filePath.split(separator: "/").dropLast(3)
      .reduce(into: "") { $0 += "/\($1)" }

    /// Packs the programs under test into a directory and hands the package to `body`. Says that
    /// the test is skipped where that is not possible.
    private func build(_ body: (_ directory: String, _ package: String) throws -> Void) throws {
      let programs = try Programs.products()
      for tool in ["dh", "lintian", "chrpath"] {
        guard access("/usr/bin/\(tool)", X_OK) == 0 else {
          #expect(maySkip(because: "\(tool) is not installed"))
          return
        }
      }
      let needed = try FlusterTesting.run("ldd", "\(programs)/fluster")
      guard !needed.output.contains("libswiftCore") else {
        #expect(maySkip(because: "only what is built with --static-swift-stdlib can be packed"))
        return
      }
      let temporary = try TemporaryDirectory()
      defer { temporary.remove() }
      let built = try FlusterTesting.run(
        "\(Self.root)/contrib/debian/build", "--quick", "--programs", programs, temporary.path,
        within: 300)
      try #require(built.status == 0 && built.output + built.errors == "", "\(built)")
      let package = try #require(names(in: temporary.path).first { $0.hasPrefix("fluster_") })
      try body(temporary.path, package)
    }

    @Test("lintian finds nothing to complain about, and all of it has room in 60 MB")
    func contents() throws {
      try build { directory, package in
        let path = "\(directory)/\(package)"
        let web = "\(directory)/\(package.replacing("fluster_", with: "fluster-web_"))"
        let judged = try FlusterTesting.run(
          "lintian", "--allow-root", "--fail-on", "error,warning", path, web, within: 300)
        #expect(judged.status == 0 && judged.output + judged.errors == "", "\(judged)")
        #expect(
          try FlusterTesting.run("dpkg-deb", "--extract", path, "\(directory)/x").status == 0)
        let used = try FlusterTesting.run("du", "--summarize", "--bytes", "\(directory)/x")
        let bytes = try #require(used.output.split(separator: "\t").first.flatMap { Int($0) })
        #expect(bytes < 60_000_000)
        let version = try FlusterTesting.run("\(directory)/x/usr/bin/fluster", "--version")
        #expect(version.output.trimmed == "fluster \(package.split(separator: "_")[1])")
        let asked = try FlusterTesting.run(
          "perl", "-e",
          """
          do shift; die $@ if $@;
          for my $unit (qw(fluster-shim.service fluster-shim@x.service fluster-worker.service)) {
            print grep({ $unit =~ $_ } keys %{$nrconf{override_rc}}) ? "keep " : "restart ";
          }
          """, "\(directory)/x/etc/needrestart/conf.d/fluster.conf")
        #expect(asked.output == "keep keep restart ", "\(asked)")
        #expect(
          try FlusterTesting.run("dpkg-deb", "--extract", web, "\(directory)/x").status == 0)
        // Each is what it is called.
        for program in names(in: "\(directory)/x/usr/bin").map({ "bin/\($0)" })
          + ["libexec/fluster/flusterd", "libexec/fluster/fluster-worker"]
        {
          let name = program.split(separator: "/").last.map(String.init) ?? ""
          let told = try FlusterTesting.run("\(directory)/x/usr/\(program)", "--version")
          #expect(told.output.hasPrefix("\(name) "), "\(told)")
        }
      }
    }

    @Test("it is installed, upgraded while a job runs, removed and purged, and leaves nothing")
    func life() throws {
      try build { directory, package in
        let next = "\(directory)/next.deb"
        let repacked = try FlusterTesting.run(
          "sh", "-ec",
          """
          dpkg-deb --raw-extract "$1" "$2"
          sed -i 's/^Version: .*/&+next/' "$2/DEBIAN/control"
          dpkg-deb -Znone --build "$2" "$3"
          rm -r "$2"
          """, "sh", "\(directory)/\(package)", "\(directory)/raw", next)
        try #require(repacked.status == 0, "\(repacked)")
        try BootedSystem.bare(with: directory) { system in
          // The index of all pages of the machine is none of ours.
          #expect(try system.run("rm", "-f", "/var/lib/man-db/auto-update").status == 0)
          let before = try files(system)
          try dpkg(system, "--install", "/srv/\(package)")
          try listens(system)
          try runs(system)
          try upgrade(system)
          try remove(system)
          try dpkg(system, "--install", "/srv/next.deb")
          let kept = try system.run("fluster-ls", "-a", as: .alice)
          #expect(kept.output.contains("succeeded"), "its state outlives the package: \(kept)")
          try system.systemctl("enable", "--quiet", "fluster-worker@more")
          try dpkg(system, "--purge", "fluster")
          #expect(try files(system) == before)
          for user in ["fluster", "fluster-worker"] {
            #expect(try system.run("getent", "passwd", user).status == 0, "never given away again")
          }
        }
      }
    }

    private func dpkg(_ system: BootedSystem, _ arguments: String...) throws {
      let finished = try system.begin(["dpkg", "--force-unsafe-io"] + arguments).finish(within: 120)
      try #require(finished.status == 0, "\(finished)")
      let complaints = ["ail", "arning", "efuse", "cannot", "not running"]
      #expect(!complaints.contains(where: finished.errors.contains), "\(finished)")
    }

    /// What of Fluster there is in the file system.
    private func files(_ system: BootedSystem) throws -> [String] {
      try system.run("find", "/etc", "/usr", "/var", "/run", "-xdev", "-name", "*fluster*").lines
        .filter { !$0.contains("/srv/") }.sorted()
    }

    private func listens(_ system: BootedSystem) throws {
      for unit in ["flusterd.socket", "flusterd-worker.socket"] {
        #expect(try system.property("ActiveState", of: unit) == "active")
      }
      for unit in ["flusterd", "fluster-worker", "fluster-shim"] {
        #expect(try system.property("ActiveState", of: unit) == "inactive")
      }
      for unit in [
        "flusterd.socket", "flusterd-worker.socket", "fluster-shim.socket", "fluster-worker",
      ] {
        #expect(try system.property("UnitFileState", of: unit) == "enabled")
      }
    }

    private func runs(_ system: BootedSystem) throws {
      let id = try system.submit("id -un", as: .alice)
      #expect(try system.run("fluster", "wait", id, as: .alice).status == 0)
      #expect(try system.run("fluster-log", id, as: .alice).output == "alice\n")
      let told = try system.run("journalctl", "-x", "FLUSTER_JOB_ID=\(id)").output
      #expect(told.contains("It is on the disk"), "the catalog is known: \(told)")
      // A private instance finds its daemons where the package has them.
      for verb in ["up", "down"] {
        let finished = try system.run("fluster", verb, as: .bob)
        #expect(finished.status == 0, "\(finished)")
      }
      let alice = try system.logAliceIn()
      let enabled = try alice(["systemctl", "--user", "enable", "--now", "flusterd.socket"])
      #expect(enabled.status == 0, "\(enabled)")
      #expect(try alice(["fluster-submit", "--wait", "true"]).status == 0)
    }

    private func upgrade(_ system: BootedSystem) throws {
      let line = "echo $$; until [ -e /tmp/go ]; do sleep 0.05; done; exit 5"
      let id = try system.submit(line, as: .alice)
      var pid = ""
      try eventually("the job has said its pid") {
        pid = try system.run("fluster-log", id, as: .alice).lines.first ?? ""
        return pid != ""
      }
      let waiting = try system.begin(["fluster-wait", id], as: .alice)
      let daemons = ["flusterd", "fluster-worker", "fluster-shim"]
      let old = try daemons.map { try system.property("MainPID", of: $0) }
      try dpkg(system, "--install", "/srv/next.deb")
      let new = try daemons.map { try system.property("MainPID", of: $0) }
      #expect(old[0] != new[0] && old[1] != new[1] && old[2] == new[2] && !new.contains("0"))
      try eventually("the shim is the program of the new package") {
        try system.run("readlink", "/proc/\(old[2])/exe").output.hasSuffix("/fluster-shim\n")
      }
      #expect(try system.run("kill", "-0", pid).status == 0)
      #expect(waiting.isRunning)
      #expect(try system.run("touch", "/tmp/go").status == 0)
      #expect(try waiting.finish().status == 5)
      let told = try system.run("fluster-ls", "-l", id, as: .alice).output
      #expect(told.contains("attempt 0") && !told.contains("attempt 1"), "\(told)")
    }

    private func remove(_ system: BootedSystem) throws {
      let id = try system.submit("echo $$; exec sleep 1000", as: .alice)
      var pid = ""
      try eventually("the job has said its pid") {
        pid = try system.run("fluster-log", id, as: .alice).lines.first ?? ""
        return pid != ""
      }
      try dpkg(system, "--remove", "fluster")
      #expect(try system.run("kill", "-0", pid).status != 0)
      let left = try system.run("pgrep", "--list-name", "fluster")
      #expect(left.output == "", "\(left)")
      let units = try system.run("systemctl", "list-units", "--plain", "--no-legend", "fluster*")
      #expect(units.output == "", "\(units)")
      #expect(try system.run("find", "/run/fluster", "-type", "s").output == "")
      #expect(try system.run("test", "-s", "/var/lib/fluster/fluster.db").status == 0)
    }
  }
}
