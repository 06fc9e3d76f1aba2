import FlusterSystem
import FlusterSystemd
import Logging
import Synchronization

/// The attempts whose output goes through this worker line by line: those with timestamps, and
/// those whose output goes to the journal, on a thread of their own because journald may be slow.
final class JobOutput {
  /// Attempts whose output is written, on their way to the loop.
  private final class Mailbox: Sendable {
    let finished = Mutex<[[UInt8]]>([])
    let wakeup: Wakeup

    init() throws(SystemError) { wakeup = try Wakeup() }
  }

  /// Called on the loop when all output of an attempt that has ended is written.
  var onFinish: ([UInt8]) -> Void = { _ in }
  private let log: Logger
  private let mailbox: Mailbox
  private var files: OutputThread?
  private var journal: OutputThread?
  private var threads: [[UInt8]: OutputThread] = [:]

  init(loop: EventLoop, log: Logger) throws(SystemError) {
    self.log = log
    mailbox = try Mailbox()
    _ = try loop.watch(mailbox.wakeup.descriptor, for: .readable) { [unowned self] _ in collect() }
  }

  /// Whether the attempt's output is being written here.
  func holds(_ uid: [UInt8]) -> Bool { threads[uid] != nil }

  /// Takes an attempt on; one that it has already is left as it is.
  func adopt(_ parts: OutputRelay.Parts) {
    guard threads[parts.uid] == nil else { return }
    do throws(SystemError) {
      let isForJournal = !(try OutputLedger.label(in: parts.ledger).fields.isEmpty)
      let thread = try isForJournal ? make(&journal) : make(&files)
      threads[parts.uid] = thread
      thread.tell(.adopt(parts))
    } catch {
      log.error("the output of attempt \(ShimSpawn.hexadecimal(parts.uid)) is not read: \(error)")
    }
  }

  /// The attempt has ended: `onFinish` follows when what it wrote is written.
  func finish(_ uid: [UInt8]) { threads[uid]?.tell(.finish(uid)) }

  private func make(_ thread: inout OutputThread?) throws(SystemError) -> OutputThread {
    if let thread { return thread }
    let mailbox = mailbox
    let made = try OutputThread(log: log) { uid in
      mailbox.finished.withLock { $0.append(uid) }
      mailbox.wakeup.signal()
    }
    thread = made
    return made
  }

  private func collect() {
    mailbox.wakeup.drain()
    let finished = mailbox.finished.withLock { finished in
      defer { finished = [] }
      return finished
    }
    for uid in finished {
      threads[uid] = nil
      onFinish(uid)
    }
  }
}
