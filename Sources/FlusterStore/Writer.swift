import Glibc
import Synchronization

/// What the writer has come to.
package struct WriterReport: Hashable, Sendable {
  /// The number of the newest durable turn; it, and all before it, are stored. 0: none yet.
  package let durable: UInt64
  /// Why the last write failed. Turns behind `durable` are lost, and new ones are not taken until
  /// `Writer.recover` has succeeded.
  package let failure: StoreError?

  /// What a writer would say.
  package init(durable: UInt64, failure: StoreError?) {
    self.durable = durable
    self.failure = failure
  }
}

/// Stores turns on a thread of its own: group commit, one transaction for all turns that have come
/// since the last one.
///
/// Callable from any thread. After a failure nothing is written until `recover`.
package final class Writer: Sendable {
  private let inbox = WriterInbox()
  private let thread: Mutex<pthread_t?>

  /// Starts the thread, which owns `store` from now on and closes it when stopped. `onProgress` is
  /// called on that thread whenever `take` has news. Throws when the user may have no more threads.
  package init(
    store: sending Store, onProgress: @escaping @Sendable () -> Void
  ) throws(StoreError) {
    let body = WriterThread(store: store, inbox: inbox, onProgress: onProgress)
    thread = Mutex(try body.start())
  }

  deinit { stop() }

  /// Queues a turn; returns at once. Turns are numbered upwards from 1. Dropped without a word
  /// while there is a failure: it is what the failure's report means.
  package func submit(_ turn: Turn) { inbox.submit(turn) }

  /// What has happened so far.
  package func take() -> WriterReport { inbox.report }

  /// Asks for a probe write after a failure, to be called again from time to time; it does nothing
  /// while all is well. Call it first when what was not durable has been forgotten (the core
  /// reloaded): once the probe is durable, the failure is gone from the report and turns are taken
  /// again.
  package func recover() { inbox.recover() }

  /// Forgets old things in small transactions while there are no turns to store.
  package func prune(_ pruning: Pruning) { inbox.prune(pruning) }

  /// Stores what has been submitted, closes the store and ends the thread, and then returns.
  package func stop() {
    inbox.stop()
    thread.withLock { thread in
      guard let running = thread else { return }
      pthread_join(running, nil)
      thread = nil
    }
  }
}
