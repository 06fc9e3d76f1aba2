import Glibc

/// The thread behind a `Writer`, and all that belongs to it.
final class WriterThread {
  private let store: Store
  private let inbox: WriterInbox
  private let onProgress: @Sendable () -> Void

  init(store: sending Store, inbox: WriterInbox, onProgress: @escaping @Sendable () -> Void) {
    self.store = store
    self.inbox = inbox
    self.onProgress = onProgress
  }

  /// Starts it. All signals stay with the threads that are there already: the daemon's loop reads
  /// them from a descriptor, and a signal to this thread would end the process.
  func start() throws(StoreError) -> pthread_t {
    let body = Unmanaged.passRetained(self)
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<WriterThread>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    guard code == 0 else {
      body.release()
      throw .io(store.database.path, code: -code, "no thread: \(StoreError.words(of: code))")
    }
    return thread
  }

  private func run() {
    takeName()
    while let work = inbox.take() {
      switch work {
      case .commit(let turns): commit(turns)
      case .probe:
        attempt { () throws(StoreError) in
          try store.probe()
        } then: {
          inbox.recovered()
        }
      case .prune(let pruning): prune(pruning)
      }
    }
  }

  /// For top(1) and debuggers. pthread_setname_np is a GNU extension that Swift does not see.
  private func takeName() {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let name = Array("fluster-store".utf8)
    _ = write(file, name, name.count)
    close(file)
  }

  /// The log is written home after the answer, where it delays nobody but the next commit.
  private func commit(_ turns: [Turn]) {
    attempt { () throws(StoreError) in
      try store.commit(turns)
    } then: {
      if let last = turns.last { inbox.committed(upTo: last.number) }
    }
    do throws(StoreError) {
      try store.checkpoint()
    } catch {
      // Without room for it the log grows, until a commit fails for the same reason. Anything else
      // is better known now.
      guard error.kind != .full else { return }
      inbox.failed(error)
      onProgress()
    }
  }

  private func prune(_ pruning: Pruning) {
    do throws(StoreError) {
      if try store.prune(pruning) { inbox.goOn(pruning) }
    } catch {
      inbox.failed(error)
      onProgress()
    }
  }

  private func attempt(_ work: () throws(StoreError) -> Void, then: () -> Void) {
    do throws(StoreError) {
      try work()
      then()
    } catch {
      inbox.failed(error)
    }
    onProgress()
  }
}
