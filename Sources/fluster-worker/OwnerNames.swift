import FlusterSystem
import FlusterSystemd
import Glibc
import Synchronization

/// Names of uids, looked up on threads of their own: a name service may take its time, and the loop
/// has none.
final class OwnerNames {
  /// What lookups found, on its way to the loop.
  private final class Mailbox: Sendable {
    let found = Mutex<[(uid: UInt32, name: String)]>([])
    let wakeup: Wakeup

    init() throws(SystemError) { wakeup = try Wakeup() }
  }

  /// Called on the loop when a name that was asked for has come.
  var onName: (UInt32) -> Void = { _ in }
  /// An empty name: there is none.
  private var names: [UInt32: String] = [:]
  private var asked: Set<UInt32> = []
  private let mailbox: Mailbox

  init(loop: EventLoop) throws(SystemError) {
    mailbox = try Mailbox()
    _ = try loop.watch(mailbox.wakeup.descriptor, for: .readable) { [unowned self] _ in collect() }
  }

  /// What is known already; an empty name means that there is none.
  func name(of uid: UInt32) -> String? { names[uid] }

  /// Asks; `onName` follows.
  func look(up uid: UInt32) {
    guard asked.insert(uid).inserted else { return }
    let mailbox = mailbox
    Background.run {
      let name = Self.entry(of: uid) ?? ""
      mailbox.found.withLock { $0.append((uid, name)) }
      mailbox.wakeup.signal()
    }
  }

  private func collect() {
    mailbox.wakeup.drain()
    let found = mailbox.found.withLock { found in
      defer { found = [] }
      return found
    }
    for (uid, name) in found {
      asked.remove(uid)
      names[uid] = name
      onName(uid)
    }
  }

  private static func entry(of uid: UInt32) -> String? {
    var size = 1 << 14
    while size <= 1 << 20 {
      let room = UnsafeMutableBufferPointer<CChar>.allocate(capacity: size)
      defer { room.deallocate() }
      guard let start = room.baseAddress else { return nil }
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      let result = getpwuid_r(uid, &entry, start, room.count, &found)
      if result != ERANGE {
        return found.flatMap { entry in entry.pointee.pw_name.map { String(cString: $0) } }
      }
      size *= 4
    }
    return nil
  }
}
