import FlusterCore
import FlusterStore
import FlusterSystem
import FlusterSystemd
import Glibc

/// What a daemon goes by that only looks at a store, and decides nothing.
struct Examined {
  let file: ExaminedFile
  /// When something last happened in the store: stands for now.
  var now: WallTime
  /// Of the store, when it was read.
  var version: Int64
  /// When that was, on the monotonic clock.
  var read: Instant
}

/// A daemon without a life of its own: there are no workers to hear, nothing is placed, and a store
/// that another one changes is read again.
extension Daemon {
  /// However busy the other one is, the store is read again once in so long.
  private static let pause = Span.seconds(1)

  /// Looks at `file`, and answers those who connect to `listener`.
  static func examining(
    _ file: ExaminedFile, at listener: Descriptor, loop: EventLoop
  ) throws -> Daemon {
    let log = Logs.bootstrap(label: "fluster")
    let storage = try Storage(examining: file, loop: loop)
    let read = Instant(nanoseconds: Clock.monotonicNanoseconds())
    let version = try storage.version()
    let restored = try storage.restore()
    let newest = try storage.newestEntry() ?? WallTime(milliseconds: Clock.wallMilliseconds())
    // Whoever may read the file may see all that is in it: this is its private instance.
    let places = try Places.of(.user, environment: ["HOME": "/", "XDG_RUNTIME_DIR": "/"])
    let choices = Start.Choices(
      places: places, configuration: places.configuration, state: file.path,
      controlSocket: places.controlSocket, workerSocket: places.workerSocket, passed: [:],
      own: UserID(geteuid()))
    let clients = try Clients(loop: loop, log: log, descriptors: 1024, isShared: false)
    let daemon = Daemon(
      choices, loop: loop, log: log, clients: clients, storage: storage, settings: Settings(),
      restored: restored,
      examined: Examined(file: file, now: newest, version: version, read: read))
    daemon.listeners = [
      Listener(.control, listener, clients: clients, admission: daemon.admission)
    ]
    try daemon.beginServing()
    return daemon
  }

  /// Why what changes something is not done; nil where it may be.
  var refusalOfChanges: Refusal? {
    examined.map { examined in
      Refusal(
        .failedPrecondition, "\(examined.file.path) is a store that was opened for reading",
        wayOut: "ask the flusterd that it is of")
    }
  }

  /// Reads the store again if it has changed. Why what is in memory must not be shown, if that
  /// cannot be done.
  func lookAgain() -> Refusal? {
    guard let examined else { return nil }
    do throws(StoreError) {
      try examined.file.check()
      let clock = now.monotonic
      guard clock >= examined.read + Daemon.pause else { return nil }
      let version = try storage.version()
      guard version != examined.version else { return nil }
      let restored = try storage.restore()
      self.examined?.version = version
      self.examined?.read = clock
      self.examined?.now = try storage.newestEntry() ?? examined.now
      controller = Controller(examining: restored, at: now)
      settings.instruct(&controller)
      live = LiveJobs(controller.state)
      pendingTasks = controller.state.pendingTasks
      newest = [:]
      entryLists.forgetBlocks()
      feedHasGrown()
      return nil
    } catch {
      return Refusal(error)
    }
  }
}
