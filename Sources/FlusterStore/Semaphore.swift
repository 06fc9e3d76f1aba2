import Glibc

/// A POSIX semaphore, by which one thread wakes another.
final class Semaphore: Sendable {
  // The kernel's own synchronisation is behind the pointer; the pointer never changes.
  private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    semaphore = .allocate(capacity: 1)
    semaphore.initialize(to: sem_t())
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Lets one `wait` return, now or later.
  func post() { sem_post(semaphore) }

  /// Waits for a `post`.
  func wait() {
    while sem_wait(semaphore) != 0 && errno == EINTR {}
  }
}
