import FlusterSystem

/// The sockets, files and directories of this worker.
struct WorkerPlaces {
  let configuration: String
  let controller: String
  /// Where jobs find flusterd.
  let control: String
  let shim: String
  /// The directory of the sockets, and of what attempts hold.
  let runtime: String
  /// The directory of the kept logs.
  let log: String

  /// Those of the instance, but for what the command line names.
  init(_ options: Options) throws(PlaceError) {
    let places = try Places.ofDaemon(options.system ? .system : .user)
    if places.instance == .user, options.controller == nil || options.shim == nil {
      // Whoever listens in another's directory could have anything run as this user.
      guard try places.ownsRuntime() || !Files.exists(places.runtime) else {
        throw PlaceError(
          """
          runtime directory \(places.runtime) is not yours
          set XDG_RUNTIME_DIR to a directory of your own with mode 0700
          """)
      }
    }
    configuration = options.config ?? places.configuration
    controller = options.controller ?? places.workerSocket
    runtime = places.runtime
    shim = options.shim ?? places.shimSocket
    log = options.logDirectory ?? places.log
    // The two sockets of one flusterd are neighbours.
    control =
      options.controller.map { "\(Files.parent(of: $0))/control.sock" }
      ?? places.controlSocket
  }
}
