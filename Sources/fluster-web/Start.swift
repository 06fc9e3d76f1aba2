import ArgumentParser
import FlusterClient
import FlusterDaemon
import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Glibc

/// From the command line to the running loop.
package enum Start {
  /// Runs the program; returns its exit status.
  package static func run(_ arguments: [String]) -> Int32 {
    // Before anything else is opened: passed descriptors are known by their numbers alone.
    let activated = Activation.take()
    let voice = Voice(program: "fluster-web")
    do throws(Failure) {
      guard let options = try options(arguments) else {
        return FlusterClient.ExitStatus.done.rawValue
      }
      return try serve(options, activated.map(\.descriptor), voice)
    } catch {
      voice.complain(error)
      return error.status.rawValue
    }
  }

  /// The options; nil where they only asked for an answer, which has been printed.
  private static func options(_ arguments: [String]) throws(Failure) -> Options? {
    let options: Options
    do {
      options = try Options.parse(Array(arguments.dropFirst()))
    } catch {
      guard Options.exitCode(for: error) != .success else {
        try StandardStream.print(Options.fullMessage(for: error) + "\n")
        return nil
      }
      let text = Options.message(for: error)
      throw .usage(
        "\(text.prefix(1).lowercased())\(text.dropFirst())",
        wayOut: "fluster-web --help shows its options")
    }
    if options.version {
      try StandardStream.print("fluster-web \(FlusterVersion.software)\n")
      return nil
    }
    return options
  }

  private static func serve(
    _ options: Options, _ passed: [Descriptor], _ voice: Voice
  ) throws(Failure) -> Int32 {
    let user = try options.user.map { (word) throws(Failure) in
      try UserArgument.parse("--user", word)
    }
    let view = try options.store.map { (path) throws(Failure) in try look(path, options) }
    defer { withExtendedLifetime(view) {} }
    let instance =
      if let view {
        Instance(path: view.socket, title: "store \(view.path)")
      } else {
        try Instance.choose(option: options.socket)
      }
    let sockets = try doors(options, passed)
    let most = raiseDescriptorLimit()
    do {
      let loop = try EventLoop()
      for signal in [SIGTERM, SIGINT] { try loop.onSignal(signal) { loop.exit(0) } }
      let web = try Web(loop, from: instance, user: user, most: most)
      for socket in sockets {
        try web.open(socket)
        if let url = Loopback.url(of: socket) { voice.notice("\(instance.title) at \(url)") }
      }
      Notify.ready(status: "shows \(instance.title) at \(instance.path)")
      let status = try loop.run()
      web.close()
      return status
    } catch {
      throw Failure(.internal, "\(error)")
    }
  }

  private static func look(_ path: String, _ options: Options) throws(Failure) -> StoreView {
    guard options.socket == nil else {
      throw .usage("--socket names a flusterd, and --store is for where there is none")
    }
    do throws(StartFailure) {
      return try StoreView.open(path)
    } catch {
      let lines = error.message.split(separator: "\n", maxSplits: 1)
      throw Failure(
        FlusterClient.ExitStatus(rawValue: error.status) ?? .internal,
        lines.first.map(String.init) ?? "", wayOut: lines.dropFirst().first.map(String.init))
    }
  }

  /// The sockets at which browsers are let in: passed by systemd, or made here.
  private static func doors(
    _ options: Options, _ passed: [Descriptor]
  ) throws(Failure) -> [Descriptor] {
    guard passed.isEmpty else {
      guard options.listen == nil else {
        throw .usage("--listen is of no use where systemd has passed the sockets")
      }
      for socket in passed {
        guard Loopback.isListener(socket) else {
          throw Failure(
            .data, "what was passed in is no listening stream socket",
            wayOut: "use ListenStream= with Accept=no")
        }
        do throws(SystemError) {
          try UnixSocket.setNonblocking(socket)
        } catch {
          throw Failure(.internal, "cannot use the socket that was passed in", error)
        }
      }
      return passed
    }
    let address = try ListenAddress(options.listen ?? "127.0.0.1:7878")
    do throws(SystemError) {
      return [try address.listen()]
    } catch {
      let isTaken = error.errno == EADDRINUSE
      throw Failure(
        isTaken ? .tryAgain : .permission, "cannot \(error)",
        wayOut: isTaken ? "give it another address: --listen 127.0.0.1:0 takes any" : nil)
    }
  }

  /// As many descriptors as the system lets us have; returns how many visitors there may be.
  private static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    let name = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(name, &limit) == 0 else { return 512 }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(name, &limit)
    _ = getrlimit(name, &limit)
    // A visitor that follows a log holds three; the rest is for flusterd's connections, and for
    // those who are told that there are too many.
    return min(4096, max(2, (Int(clamping: limit.rlim_cur) - 48) / 3))
  }
}
