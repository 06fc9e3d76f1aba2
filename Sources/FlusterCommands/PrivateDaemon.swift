/// A program of the private instance.
enum PrivateDaemon: String, CaseIterable {
  case controller = "flusterd"
  case shim = "fluster-shim"
  case worker = "fluster-worker"

  /// Its unit, where there is a service manager. No package ships units of these names: one that
  /// had a file could not be started as a transient one.
  var unit: String {
    switch self {
    case .controller: "fluster-up-flusterd.service"
    case .shim: "fluster-up-shim.service"
    case .worker: "fluster-up-worker.service"
    }
  }
}
