import FlusterSystem
import FlusterSystemd
import Glibc
import Logging
import Synchronization

/// A thread that writes the output of attempts: a job that floods, a slow disk or a slow journald
/// must not keep the worker's own loop from hearing of others. It exists from the first such
/// attempt on, and sleeps while none of them writes. Any thread may tell it what to do.
final class OutputThread: Sendable {
  enum Order: Sendable {
    case adopt(OutputRelay.Parts)
    /// The attempt has ended; answered through `finished`.
    case finish([UInt8])
  }

  private let orders = Mutex<[Order]>([])
  private let isRunning = Mutex(false)
  private let wakeup: Wakeup
  private let log: Logger
  private let finished: @Sendable ([UInt8]) -> Void

  /// Calls `finished`, on the thread, once for each attempt whose output is written.
  init(log: Logger, finished: @escaping @Sendable ([UInt8]) -> Void) throws(SystemError) {
    wakeup = try Wakeup()
    self.log = log
    self.finished = finished
  }

  /// Orders are carried out in turn.
  func tell(_ order: Order) {
    orders.withLock { $0.append(order) }
    wakeup.signal()
    let mustStart = isRunning.withLock { isRunning in
      defer { isRunning = true }
      return !isRunning
    }
    if mustStart { Background.run { [self] in run() } }
  }

  private func run() {
    do throws(SystemError) {
      let loop = try EventLoop()
      let relays = try OutputRelays(loop: loop, log: log, finished: finished)
      _ = try loop.watch(wakeup.descriptor, for: .readable) { [self] _ in
        wakeup.drain()
        let orders = orders.withLock { orders in
          defer { orders = [] }
          return orders
        }
        for order in orders { relays.carryOut(order) }
      }
      _ = try loop.run()
    } catch {
      // The next order tries again; until then what is written stays in the pipes.
      log.error("the output of jobs cannot be written: \(error)")
      isRunning.withLock { $0 = false }
    }
  }
}

/// The attempts that one thread writes the output of.
private final class OutputRelays {
  /// Until what could not be written is tried again.
  private static let pause: Int64 = 1_000_000_000

  private struct Entry {
    let relay: OutputRelay
    var sources: [Source?]
  }

  private let loop: EventLoop
  private let log: Logger
  private let finished: ([UInt8]) -> Void
  private let scratch: (reader: Descriptor, writer: Descriptor)
  private var entries: [[UInt8]: Entry] = [:]
  private var stalled: Set<[UInt8]> = []
  private var retry: Timer?

  init(
    loop: EventLoop, log: Logger, finished: @escaping ([UInt8]) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.log = log
    self.finished = finished
    scratch = try Pipe.make()
    retry = try loop.timer { [unowned self] in tryAgain() }
  }

  func carryOut(_ order: OutputThread.Order) {
    switch order {
    case .adopt(let parts): adopt(parts)
    case .finish(let uid): finish(uid)
    }
  }

  private func adopt(_ parts: OutputRelay.Parts) {
    guard entries[parts.uid] == nil else { return }
    do throws(SystemError) {
      let relay = try OutputRelay(parts, scratch: scratch)
      entries[parts.uid] = Entry(relay: relay, sources: parts.streams.map { _ in nil })
      for (stream, pipe) in parts.streams.enumerated() {
        entries[parts.uid]?.sources[stream] = try loop.watch(pipe, for: .readable) {
          [unowned self] _ in move(parts.uid, stream)
        }
      }
    } catch {
      log.error("the output of attempt \(label(parts.uid)) cannot be read: \(error)")
    }
  }

  private func move(_ uid: [UInt8], _ stream: Int) {
    guard let entry = entries[uid] else { return }
    guard !entry.relay.isSuperseded else { return letGo(uid) }
    do throws(SystemError) {
      guard try entry.relay.move(stream) == .end else { return }
      entry.sources[stream]?.cancel()
      entries[uid]?.sources[stream] = nil
    } catch {
      log.warning("the output of attempt \(label(uid)) waits: \(error)")
      for source in entry.sources { source?.interest = [] }
      stalled.insert(uid)
      retry?.set(at: Clock.monotonicNanoseconds() + Self.pause)
    }
  }

  private func tryAgain() {
    let again = stalled.sorted { $0.lexicographicallyPrecedes($1) }
    stalled = []
    for uid in again {
      guard let entry = entries[uid] else { continue }
      for (stream, source) in entry.sources.enumerated() where source != nil {
        source?.interest = .readable
        guard !stalled.contains(uid) else { continue }
        move(uid, stream)
      }
    }
  }

  private func finish(_ uid: [UInt8]) {
    if let relay = entries[uid]?.relay, !relay.isSuperseded {
      do throws(SystemError) {
        try relay.finish()
      } catch {
        // An end is not held up for ever. What is left goes to the journal alone.
        log.error("the end of the output of attempt \(label(uid)) is lost: \(error)")
        relay.giveUpLog()
        try? relay.finish()
      }
    }
    letGo(uid)
    finished(uid)
  }

  private func letGo(_ uid: [UInt8]) {
    guard let entry = entries.removeValue(forKey: uid) else { return }
    for source in entry.sources { source?.cancel() }
  }

  private func label(_ uid: [UInt8]) -> String { ShimSpawn.hexadecimal(uid) }
}
