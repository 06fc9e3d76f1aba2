import FlusterCore
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging
import Synchronization

/// Reads the configuration again on a thread of its own: names of users may have to be asked from
/// a service that takes its time.
final class Reloading: Sendable {
  private let path: String
  private let instance: Places.Instance
  private let wakeup: Wakeup
  private let result = Mutex<Result<Settings, ConfigurationError>?>(nil)

  init(_ path: String, _ instance: Places.Instance, wakeup: Wakeup) {
    self.path = path
    self.instance = instance
    self.wakeup = wakeup
  }

  /// What was read; nil until `wakeup` has been signalled.
  func take() -> Result<Settings, ConfigurationError>? { result.withLock { $0 } }

  /// Starts reading.
  func start() {
    var thread = pthread_t()
    let body = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Reloading>.fromOpaque(argument).takeRetainedValue().read()
        return nil
      }, body.toOpaque())
    if code == 0 {
      pthread_detach(thread)
    } else {
      body.release()
      read()
    }
  }

  private func read() {
    let settings = Result { () throws(ConfigurationError) in
      try Settings.load(path, for: instance)
    }
    result.withLock { $0 = settings }
    wakeup.signal()
  }
}

extension Daemon {
  /// HUP: the new settings replace the old ones whole, or not at all.
  func reload() {
    guard reloading == nil, let wakeup = reloadWakeup else { return }
    Notify.reloading()
    let reloading = Reloading(options.configuration, options.places.instance, wakeup: wakeup)
    self.reloading = reloading
    reloading.start()
  }

  /// A socket that was passed in has the mode that its unit gave it.
  private func setMode(_ mode: UInt32) {
    guard options.places.instance == .system, options.passed[.control] == nil,
      mode != settings.socketMode
    else { return }
    guard chmod(options.controlSocket, mode) == 0 else {
      return log.error("cannot \(SystemError.last("change the mode of \(options.controlSocket)"))")
    }
  }

  /// The configuration has been read.
  func finishReload() {
    switch reloading?.take() {
    case nil: return
    case .failure(let error):
      log.error("the configuration stays as it was: \(error)")
    case .success(let settings):
      setMode(settings.socketMode)
      self.settings = settings
      settings.instruct(&controller)
      for listener in listeners { listener.admission = admission }
      log.info("read \(options.configuration)")
    }
    reloading = nil
    showReady()
    // The clock that runs may be set to the old span.
    isWatchingIdle = false
    checkIdle()
  }
}
