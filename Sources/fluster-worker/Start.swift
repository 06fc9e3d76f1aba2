import ArgumentParser
import FlusterCore
import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Glibc

/// From the command line to the running loop.
package enum Start {
  /// Runs the worker; returns its exit status.
  package static func run(_ arguments: [String]) -> Int32 {
    let options: Options
    do {
      options = try Options.parse(Array(arguments.dropFirst()))
    } catch {
      return explain(error)
    }
    if options.version {
      print("fluster-worker \(FlusterVersion.software)")
      return ExitStatus.done
    }
    do {
      return try serve(options)
    } catch {
      return StartFailure(of: error).report(by: "fluster-worker")
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
        + "try `fluster-worker --help`, or see fluster-worker(8)"
    ).report(by: "fluster-worker")
  }

  private static func serve(_ options: Options) throws -> Int32 {
    let log = Logs.bootstrap(label: "fluster-worker")
    signal(SIGPIPE, SIG_IGN)
    // A log that a limit of file sizes refuses is an error, not the end of the worker.
    signal(SIGXFSZ, SIG_IGN)
    Machine.raiseDescriptorLimit()
    let places = try WorkerPlaces(options)
    let settings = try Settings(options, path: places.configuration)
    let identity = Identity(
      incarnation: Entropy.bytes(16), boot: try Machine.bootID(), pid: getpid())
    // What flusterd would refuse is refused here, where somebody sees it.
    _ = try Registration(
      wire: identity.registration(settings, lacks: [], store: nil), owner: UserID(geteuid()))
    let loop = try EventLoop()
    try loop.enableWatchdog()
    let worker = try Worker(
      loop: loop, log: log, places: places, settings: settings, identity: identity)
    for number in [SIGTERM, SIGINT] {
      // Jobs go on: the shim holds them.
      try loop.onSignal(number) { worker.exit(ExitStatus.done) }
    }
    try loop.onSignal(SIGHUP) { worker.reload(options) }
    try worker.begin()
    return try loop.run()
  }
}

extension StartFailure {
  /// What any of the layers below threw; what flusterd would refuse is a matter of configuration.
  init(of error: any Error) {
    guard let error = error as? Refusal else {
      self.init(describing: error)
      return
    }
    let wayOut = error.wayOut.isEmpty ? "" : "\n\(error.wayOut)"
    self.init(ExitStatus.unusable, error.message + wayOut)
  }
}
