import FlusterCore
import FlusterSystem
import FlusterSystemd
import Glibc
import Logging

/// A listening socket. Accepts a few connections at a time, and never spins when there are no
/// descriptors left: one is kept in reserve to let the waiting peer in and tell it.
final class Listener {
  /// Connections taken in one go, so that other sources get their turn.
  private static let burst = 16
  private static let pause: Int64 = 60_000_000_000

  let door: Door
  private let socket: Descriptor
  private let clients: Clients
  /// Replaced when the configuration is read again.
  var admission: Admission
  private var source: Source?
  private var reserve: Descriptor?
  private var quietUntil: Int64 = 0
  /// Ends the pause after which we look again, when not even the reserve could be had back.
  private var retry: Timer?

  init(_ door: Door, _ socket: Descriptor, clients: Clients, admission: Admission) {
    self.door = door
    self.socket = socket
    self.clients = clients
    self.admission = admission
    reserve = Listener.spare()
  }

  /// Begins to accept.
  func start() throws(SystemError) {
    source = try clients.loop.watch(socket, for: .readable) { [unowned self] _ in acceptSome() }
  }

  /// Accepts nobody any more; who waits is served by the next flusterd, if the socket is passed on.
  func stop() {
    source?.cancel()
    source = nil
  }

  private func acceptSome() {
    for _ in 0..<Listener.burst {
      do throws(SystemError) {
        guard let peer = try UnixSocket.accept(socket) else { return }
        take(peer)
      } catch {
        return acceptWithoutRoom(error)
      }
    }
  }

  private func take(_ socket: Descriptor) {
    guard !clients.isFull else { return turnAwayForRoom(socket, "every descriptor is in use") }
    do throws(Refusal) {
      clients.add(socket, try admission.admit(socket, at: door), at: door)
    } catch {
      let who = try? PeerCredential.of(socket)
      clients.turnAway(
        socket, uid: UserID(who?.uid ?? PeerCredential.overflow), pid: who?.pid ?? 0, error)
    }
  }

  /// Nobody could be let in: with the reserve there is room to say so, once for each who waits.
  private func acceptWithoutRoom(_ error: SystemError) {
    reserve = nil
    if let peer = try? UnixSocket.accept(socket) { turnAwayForRoom(peer, "\(error)") }
    reserve = Listener.spare()
    if reserve == nil { rest() }
  }

  /// Looks away for a moment: without a reserve the waiting peer would wake us again and again.
  private func rest() {
    guard let timer = try? retry ?? clients.loop.timer({ [unowned self] in wakeUp() }) else {
      return
    }
    retry = timer
    source?.interest = []
    timer.set(at: Clock.monotonicNanoseconds() + 100_000_000)
  }

  private func wakeUp() {
    reserve = Listener.spare()
    source?.interest = .readable
  }

  private func turnAwayForRoom(_ socket: Descriptor, _ why: String) {
    clients.sendOnce(
      Refusal(
        .resourceExhausted, "flusterd has no descriptor left for another connection",
        wayOut: "try again, or raise LimitNOFILE= of flusterd.service"), to: socket)
    let now = Clock.monotonicNanoseconds()
    guard now >= quietUntil else { return }
    quietUntil = now + Listener.pause
    let who = try? PeerCredential.of(socket)
    clients.log.warning(
      "turned away pid \(who?.pid ?? 0) uid \(who?.uid ?? PeerCredential.overflow): \(why)")
  }

  private static func spare() -> Descriptor? {
    let raw = open("/dev/null", O_RDONLY | O_CLOEXEC)
    return raw >= 0 ? Descriptor(adopting: raw) : nil
  }
}
