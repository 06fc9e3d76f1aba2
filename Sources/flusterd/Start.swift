import ArgumentParser
import FlusterCore
import FlusterProtocol
import FlusterStore
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

/// From the command line to the running loop.
package enum Start {
  /// What the command line and the environment decided.
  struct Choices {
    let places: Places
    let configuration: String
    let state: String
    let controlSocket: String
    let workerSocket: String
    /// Sockets that were passed in, by the door they are.
    let passed: [Door: Descriptor]
    let own: UserID

    /// Only who gets the sockets from somebody else may leave them alone.
    var mayExitIdle: Bool { !passed.isEmpty }
  }

  /// Runs the daemon; returns its exit status.
  package static func run(_ arguments: [String]) -> Int32 {
    // Before anything else is opened: passed descriptors are known by their numbers alone.
    let activated = Activation.take()
    let options: Options
    do {
      options = try Options.parse(Array(arguments.dropFirst()))
    } catch {
      return explain(error)
    }
    if options.version {
      print("flusterd \(FlusterVersion.software)")
      return ExitStatus.done
    }
    do {
      return try serve(try choose(options, activated))
    } catch {
      return StartFailure(of: error).report(by: "flusterd")
    }
  }

  /// ArgumentParser's answer, in the form that all programs of Fluster have.
  private static func explain(_ error: any Error) -> Int32 {
    guard Options.exitCode(for: error) != .success else {
      print(Options.fullMessage(for: error))
      return ExitStatus.done
    }
    let text = Options.message(for: error)
    return StartFailure(
      ExitStatus.usage,
      "\(text.prefix(1).lowercased())\(text.dropFirst())\n"
        + "try `flusterd --help`, or see flusterd(8)"
    ).report(by: "flusterd")
  }

  private static func choose(
    _ options: Options, _ activated: [(name: String, descriptor: Descriptor)]
  ) throws -> Choices {
    let places = try Places.ofDaemon(options.system ? .system : .user)
    let passed = try sort(activated)
    let runtime = options.runtime ?? places.runtime
    return Choices(
      places: places, configuration: options.config ?? places.configuration,
      state: options.state ?? places.state,
      controlSocket: options.control ?? "\(runtime)/control.sock",
      workerSocket: options.workerSocket ?? "\(runtime)/worker.sock", passed: passed,
      own: UserID(geteuid()))
  }

  /// Who is taken for what: a socket that is not served would leave its clients waiting for ever.
  private static func sort(
    _ activated: [(name: String, descriptor: Descriptor)]
  ) throws -> [Door: Descriptor] {
    var passed: [Door: Descriptor] = [:]
    for (name, descriptor) in activated {
      guard let door = Door(rawValue: name) else {
        throw StartFailure(
          ExitStatus.unusable,
          "a socket named \"\(name)\" was passed in\n"
            + "FileDescriptorName= must be control or worker")
      }
      guard Activation.isListener(descriptor) else {
        throw StartFailure(
          ExitStatus.unusable,
          "what was passed in as \"\(name)\" is no listening Unix stream socket\n"
            + "use ListenStream= with a path, and Accept=no")
      }
      guard passed[door] == nil else {
        throw StartFailure(
          ExitStatus.unusable,
          "two sockets named \"\(name)\" were passed in\n"
            + "FileDescriptorName= must differ; one socket unit holds one ListenStream=")
      }
      try UnixSocket.setNonblocking(descriptor)
      passed[door] = descriptor
    }
    return passed
  }

  /// Opens everything, serves, and closes everything.
  private static func serve(_ choices: Choices) throws -> Int32 {
    let log = Logs.bootstrap(label: "flusterd")
    let descriptors = raiseDescriptorLimit()
    let settings = try Settings.load(choices.configuration, for: choices.places.instance)
    let loop = try EventLoop()
    let daemon = try make(choices, loop, log, settings, descriptors: descriptors)
    try daemon.begin()
    let status = try loop.run()
    daemon.finish()
    return status
  }

  private static func make(
    _ choices: Choices, _ loop: EventLoop, _ log: Logger, _ settings: Settings, descriptors: Int
  ) throws -> Daemon {
    let clients = try Clients(
      loop: loop, log: log, descriptors: descriptors,
      isShared: choices.places.instance == .system)
    // Blocks the signals before there are threads that could get them.
    let signals = Signals()
    try signals.watch(loop)
    try prepareState(choices)
    let store = try Store.open(directory: choices.state)
    let restored = try store.restore()
    let id = store.id
    let storage = try Storage(store, id: id, directory: choices.state, loop: loop)
    let daemon = Daemon(
      choices, loop: loop, log: log, clients: clients, storage: storage, settings: settings,
      restored: restored)
    signals.daemon = daemon
    for door in Door.allCases {
      let socket = try choices.passed[door] ?? listen(at: door, choices, settings)
      daemon.listeners.append(
        Listener(door, socket, clients: clients, admission: daemon.admission))
    }
    return daemon
  }

  /// A user's own directories are made; a system instance's are its package's to make.
  private static func prepareState(_ choices: Choices) throws {
    guard choices.places.instance == .user else { return }
    let above = Files.parent(of: choices.state)
    if !Files.isDirectory(above) { try Files.makeDirectories(above, mode: 0o700) }
  }

  private static func listen(
    at door: Door, _ choices: Choices, _ settings: Settings
  ) throws -> Descriptor {
    let path = door == .control ? choices.controlSocket : choices.workerSocket
    if choices.places.instance == .user, Files.parent(of: path) == choices.places.runtime {
      try choices.places.prepareRuntime()
    } else if choices.places.instance == .user {
      try Files.makeDirectories(Files.parent(of: path), mode: 0o700)
    }
    let mode: UInt32
    switch (choices.places.instance, door) {
    case (.user, _): mode = 0o600
    case (.system, .control): mode = settings.socketMode
    case (.system, .worker): mode = settings.allowsPersonalWorkers ? 0o666 : 0o660
    }
    do throws(SystemError) {
      let socket = try UnixSocket.listen(at: path, kind: .stream, mode: mode)
      if choices.places.instance == .system && door == .worker { giveToWorkers(path) }
      return socket
    } catch {
      guard error.errno == EADDRINUSE else { throw error }
      throw StartFailure(
        ExitStatus.tryAgain,
        "another flusterd listens at \(path)\nuse that one, or give this one --runtime")
    }
  }

  /// The worker runs under a uid of its own, and reaches the socket as the group's member.
  private static func giveToWorkers(_ path: String) {
    guard let group = Names.group("fluster-worker") else { return }
    // Only members may give away; root, and workers of our own uid, need no gift.
    _ = chown(path, uid_t.max, group)
  }

  /// As many descriptors as the system lets us have; returns the limit.
  private static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}

extension StartFailure {
  /// What any of the layers below threw, the store among them.
  init(of error: any Error) {
    guard let error = error as? StoreError else {
      self.init(describing: error)
      return
    }
    let status =
      switch error.kind {
      case .full, .locked: ExitStatus.tryAgain
      case .readOnly: ExitStatus.permission
      case .damaged, .newer: ExitStatus.unusable
      case .io(let code): code < 0 ? Self.status(of: -code) : ExitStatus.unusable
      }
    self.init(status, "\(error)")
  }
}
