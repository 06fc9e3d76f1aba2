import FlusterSystem
import Glibc
import Testing

@Suite struct PlacesTests {
  @Test("a user's places follow the XDG variables")
  func xdg() throws {
    let places = try Places.of(
      .user,
      environment: [
        "XDG_RUNTIME_DIR": "/r", "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c", "HOME": "/h",
      ])
    #expect(places.runtime == "/r/fluster")
    #expect(places.controlSocket == "/r/fluster/control.sock")
    #expect(places.workerSocket == "/r/fluster/worker.sock")
    #expect(places.shimSocket == "/r/fluster/shim.sock")
    #expect(places.shimState == "/r/fluster/shim")
    #expect(places.state == "/s/fluster")
    #expect(places.log == "/s/fluster/log")
    #expect(places.configuration == "/c/fluster/fluster.conf")
  }

  @Test("without XDG variables, or with relative ones, a user's places are in the home directory")
  func home() throws {
    let bare = ["HOME": "/h"]
    for extra in [[:], ["XDG_STATE_HOME": "s", "XDG_CONFIG_HOME": "", "XDG_RUNTIME_DIR": "r"]] {
      let places = try Places.of(.user, environment: bare.merging(extra) { $1 })
      #expect(places.state == "/h/.local/state/fluster")
      #expect(places.configuration == "/h/.config/fluster/fluster.conf")
      let usual = "/run/user/\(geteuid())"
      let expected = Files.isDirectory(usual) ? "\(usual)/fluster" : "/tmp/fluster-\(geteuid())"
      #expect(places.runtime == expected)
    }
  }

  @Test("without HOME the password database tells")
  func passwordDatabase() throws {
    let places = try Places.of(.user, environment: [:])
    let home = try #require(getpwuid(geteuid())).pointee.pw_dir.map { String(cString: $0) }
    #expect(places.state == "\(try #require(home))/.local/state/fluster")
  }

  @Test(
    "the system's places are fixed, and the directories of a daemon's own unit win over both",
    arguments: [
      Places.Instance.user, .system,
    ])
  func directives(instance: Places.Instance) throws {
    let system = try Places.of(.system, environment: ["HOME": "/h", "XDG_RUNTIME_DIR": "/r"])
    #expect(system.runtime == "/run/fluster" && system.state == "/var/lib/fluster")
    #expect(system.log == "/var/log/fluster")
    #expect(system.configuration == "/etc/fluster/fluster.conf")
    let given = try Places.ofDaemon(instance, environment: unit)
    #expect(given.runtime == "/a" && given.state == "/c" && given.log == "/d")
    #expect(try Places.ofDaemon(.system, environment: [:]) == system)
  }

  @Test("a user's logs are beneath the state directory that a unit gives")
  func logs() throws {
    let given = try Places.ofDaemon(.user, environment: unit.filter { $0.key != "LOGS_DIRECTORY" })
    #expect(given.log == "/c/log")
  }

  @Test(
    "commands do not look in the directories of the unit around them",
    arguments: [
      Places.Instance.user, .system,
    ])
  func foreignUnit(instance: Places.Instance) throws {
    let bare = ["HOME": "/h", "XDG_RUNTIME_DIR": "/r"]
    #expect(
      try Places.of(instance, environment: unit) == Places.of(instance, environment: bare))
  }

  private let unit = [
    "RUNTIME_DIRECTORY": "/a:/b", "STATE_DIRECTORY": "/c", "LOGS_DIRECTORY": "/d",
    "HOME": "/h", "XDG_RUNTIME_DIR": "/r",
  ]

  @Test("a state directory that cannot be made is told with the variable that names it")
  func stateRefused() throws {
    try ScratchDirectory.with { scratch in
      try Files.writeAtomically(scratch("file"), [], mode: 0o600)
      let places = try Places.of(
        .user, environment: ["XDG_RUNTIME_DIR": scratch.path, "XDG_STATE_HOME": scratch("file")])
      let error = failure { () throws(PlaceError) in try places.prepareState() }
      #expect(
        error?.description.hasSuffix("\nset XDG_STATE_HOME to one that you may write") == true)
    }
  }

  @Test("a user's directories are made for nobody else, twice without harm")
  func prepares() throws {
    try ScratchDirectory.with { scratch in
      let places = try user(scratch)
      for _ in 0..<2 { try places.prepareRuntime() }
      #expect(mode(of: places.runtime) == 0o700 && mode(of: places.state) == 0o700)
    }
  }

  @Test("a runtime directory that others may enter is refused with the way out")
  func refusesMode() throws {
    try ScratchDirectory.with { scratch in
      let places = try user(scratch)
      try Files.makeDirectory(places.runtime, mode: 0o755)
      let error = failure { () throws(PlaceError) in try places.prepareRuntime() }
      #expect(
        error?.description == """
          runtime directory \(places.runtime) has mode 0755 instead of 0700
          remove it, or set XDG_RUNTIME_DIR to a directory of your own with mode 0700
          """)
    }
  }

  @Test("a link and a file in the runtime directory's place are refused")
  func refusesLinks() throws {
    try ScratchDirectory.with { scratch in
      let places = try user(scratch)
      try Files.makeDirectory(scratch("elsewhere"), mode: 0o700)
      #expect(symlink(scratch("elsewhere"), places.runtime) == 0)
      let link = failure { () throws(PlaceError) in try places.prepareRuntime() }
      #expect(link?.description.contains("is not a directory") == true)
      try Files.remove(places.runtime)
      try Files.writeAtomically(places.runtime, [], mode: 0o700)
      let file = failure { () throws(PlaceError) in try places.prepareRuntime() }
      #expect(file?.description.contains("is not a directory") == true)
    }
  }

  @Test("somebody else's runtime directory is refused", .enabled(if: geteuid() == 0))
  func refusesOwner() throws {
    try ScratchDirectory.with { scratch in
      let places = try user(scratch)
      try Files.makeDirectory(places.runtime, mode: 0o700)
      try #require(chown(places.runtime, 1234, 1234) == 0)
      let error = failure { () throws(PlaceError) in try places.prepareRuntime() }
      #expect(error?.description.contains("belongs to uid 1234") == true)
    }
  }

  @Test("a runtime directory is one's own, or none, or an error", .enabled(if: geteuid() == 0))
  func ownsRuntime() throws {
    try ScratchDirectory.with { scratch in
      let places = try user(scratch)
      #expect(try !places.ownsRuntime())
      try Files.makeDirectory(places.runtime, mode: 0o700)
      #expect(try places.ownsRuntime())
      #expect(chmod(places.runtime, 0o770) == 0)
      let open = failure { () throws(PlaceError) in _ = try places.ownsRuntime() }
      #expect(open?.description.contains("has mode 0770 instead of 0700") == true)
      #expect(chown(places.runtime, 1234, 1234) == 0)
      #expect(try !places.ownsRuntime())
    }
  }

  @Test("a system instance's runtime directory must be there")
  func systemRuntime() throws {
    try ScratchDirectory.with { scratch in
      let environment = ["RUNTIME_DIRECTORY": scratch("run"), "STATE_DIRECTORY": scratch("state")]
      let places = try Places.ofDaemon(.system, environment: environment)
      #expect(throws: PlaceError.self) { try places.prepareRuntime() }
      try Files.makeDirectory(places.runtime, mode: 0o755)
      try places.prepareRuntime()
      #expect(!Files.exists(places.state))
      try places.prepareState()
      #expect(mode(of: places.state) == 0o700)
    }
  }

  private func user(_ scratch: ScratchDirectory) throws(PlaceError) -> Places {
    try Places.of(
      .user, environment: ["XDG_RUNTIME_DIR": scratch.path, "XDG_STATE_HOME": scratch("state")])
  }
}
