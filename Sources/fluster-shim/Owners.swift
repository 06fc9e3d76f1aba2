import CFluster
import FlusterSystem
import FlusterSystemd
import Glibc

/// The groups of users, from short-lived children, remembered for a minute. Of all that makes an
/// owner the worker says the uid alone.
final class Owners {
  /// What a job becomes.
  struct Identity {
    let gid: UInt32
    let groups: [UInt32]
  }

  /// The answer, or the errno of "the user's groups could not be found".
  enum Answer {
    case known(Identity)
    case failed(Int32)
  }

  private struct Search {
    let pid: Int32
    let source: Source
    let timer: FlusterSystemd.Timer
    var bytes: [UInt8] = []
    var waiting: [(Answer) -> Void]
  }

  /// How long an answer is believed, and how long one may take.
  private static let memory: Int64 = 60_000_000_000
  private static let patience: Int64 = 5_000_000_000
  private static let answerLimit = 65537 * 4

  private let loop: EventLoop
  private var known: [UInt32: (identity: Identity, until: Int64)] = [:]
  private var searches: [UInt32: Search] = [:]

  init(loop: EventLoop) { self.loop = loop }

  /// Calls `then` with the answer, at once if it is remembered, else later from the loop.
  func find(_ uid: UInt32, then: @escaping (Answer) -> Void) {
    if let entry = known[uid], entry.until > Clock.monotonicNanoseconds() {
      return then(.known(entry.identity))
    }
    if searches[uid] != nil {
      searches[uid]?.waiting.append(then)
      return
    }
    var pid: Int32 = 0
    var raw: Int32 = -1
    let failure = fl_look_up_groups(uid, &pid, &raw)
    guard failure == 0 else { return then(.failed(failure)) }
    let descriptor = Descriptor(adopting: raw)
    do throws(SystemError) {
      let source = try loop.watch(descriptor, for: .readable) { [weak self] _ in
        self?.read(uid, from: descriptor)
      }
      let timer = try loop.timer { [weak self] in self?.giveUp(uid) }
      timer.set(at: Clock.monotonicNanoseconds() + Self.patience)
      searches[uid] = Search(pid: pid, source: source, timer: timer, waiting: [then])
    } catch {
      then(.failed(error.errno))
    }
  }

  /// Whether a child that ended is one of these. It must not be reaped while its search goes on,
  /// so that its number stays its own.
  func isSearching(_ pid: Int32) -> Bool { searches.values.contains { $0.pid == pid } }

  private func read(_ uid: UInt32, from descriptor: Descriptor) {
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    let count = Glibc.read(descriptor.raw, &chunk, chunk.count)
    if count > 0 {
      searches[uid]?.bytes += chunk.prefix(count)
      if let bytes = searches[uid]?.bytes, bytes.count > Self.answerLimit { giveUp(uid) }
    } else if count == 0 {
      finish(uid, Self.identity(of: searches[uid]?.bytes ?? []))
    } else if errno != EAGAIN, errno != EINTR {
      giveUp(uid)
    }
  }

  private func giveUp(_ uid: UInt32) { finish(uid, .failed(ETIMEDOUT)) }

  private func finish(_ uid: UInt32, _ answer: Answer) {
    guard let search = searches.removeValue(forKey: uid) else { return }
    search.source.cancel()
    search.timer.cancel()
    // Not reaped yet, so the number is still its own; it may hang in a name service.
    kill(search.pid, SIGKILL)
    if case .known(let identity) = answer {
      known[uid] = (identity, Clock.monotonicNanoseconds() + Self.memory)
    }
    for then in search.waiting { then(answer) }
  }

  /// The gid and the groups, as little-endian as the machine.
  static func numbers(of bytes: [UInt8]) -> [UInt32] {
    bytes.withUnsafeBytes { buffer in
      stride(from: 0, to: buffer.count - 3, by: 4).map {
        buffer.loadUnaligned(fromByteOffset: $0, as: UInt32.self)
      }
    }
  }

  private static func identity(of bytes: [UInt8]) -> Answer {
    let numbers = numbers(of: bytes)
    guard let gid = numbers.first else { return .failed(ENOENT) }
    return .known(Identity(gid: gid, groups: Array(numbers.dropFirst())))
  }
}
