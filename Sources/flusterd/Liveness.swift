import FlusterCore
import FlusterSystem
import FlusterSystemd
import Logging

/// Whether the two processes behind a worker's newest registration are alive, by the kernel's word:
/// a living one is slow, not dead. It outlives the connection.
struct Liveness {
  /// One of the processes. Watched until it ends, or until the worker registers anew.
  final class Process {
    let pid: Int32
    private var source: Source?
    /// It has not ended.
    var isAlive: Bool { source != nil }

    /// Watches what must be a pidfd; nil if it is none. Calls `onEnd` once.
    init?(_ pidfd: Descriptor, loop: EventLoop, onEnd: @escaping (Process) -> Void) {
      guard let pid = PidFD.pid(of: pidfd) else { return nil }
      self.pid = pid
      source = try? loop.watch(pidfd, for: .readable) { [weak self] _ in
        self?.stop()
        if let self { onEnd(self) }
      }
      if source == nil { return nil }
    }

    deinit { stop() }

    private func stop() {
      source?.cancel()
      source = nil
    }
  }

  /// Nil: the worker did not show it.
  let worker: Process?
  let shim: Process?
}

extension Daemon {
  /// A registration stands: from now on its processes are watched instead of those of the last one.
  func watchProcesses(of worker: WorkerID, _ pidfds: [Descriptor]) {
    guard pidfds.count == 2 else {
      liveness[worker] = nil
      return
    }
    func watch(_ pidfd: Descriptor, _ name: String) -> Liveness.Process? {
      Liveness.Process(pidfd, loop: loop) { [unowned self] process in
        log.notice("the \(name) of worker \(worker) has ended", metadata: ["pid": "\(process.pid)"])
      }
    }
    liveness[worker] = Liveness(
      worker: watch(pidfds[0], "process"), shim: watch(pidfds[1], "shim"))
  }
}
