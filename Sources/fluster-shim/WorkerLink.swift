import FlusterSystem
import FlusterSystemd

/// The connection to the worker. What it does not read yet waits here; a new connection starts with
/// nothing, because the worker asks for the list.
final class WorkerLink {
  private static let outboxLimit = 100_000

  let socket: Descriptor
  /// Nothing is read from it.
  var isPaused = false {
    didSet { setInterest() }
  }
  private var source: Source?
  private var outbox: [(packet: [UInt8], descriptors: [Descriptor])] = []
  private let onFailure: (WorkerLink, ShimConnectionError) -> Void

  /// Calls `onPacket` for each packet and `onFailure` once when the connection is of no more use.
  init(
    adopting socket: Descriptor, loop: EventLoop,
    onPacket: @escaping (WorkerLink, [UInt8], [Descriptor]) -> Void,
    onFailure: @escaping (WorkerLink, ShimConnectionError) -> Void
  ) throws(SystemError) {
    self.socket = socket
    self.onFailure = onFailure
    source = try loop.watch(socket, for: .readable) { [weak self] readiness in
      if readiness.contains(.writable) { self?.flush() }
      // A paused one is not read, but that its other end is gone would be told for ever.
      if self?.isPaused == true, readiness.contains(.hangUp) { self?.fail(.closed) }
      if readiness != .writable { self?.read(onPacket) }
    }
  }

  /// Sends now or as soon as the worker reads.
  func send(_ notice: ShimNotice, _ descriptors: [Descriptor] = []) {
    guard source != nil else { return }
    outbox.append((notice.encoded(), descriptors))
    guard outbox.count <= Self.outboxLimit else { return fail(.closed) }
    if outbox.count == 1 { flush() }
  }

  /// Ends it; nothing is called any more.
  func close() {
    source?.cancel()
    source = nil
    outbox = []
  }

  private func fail(_ error: ShimConnectionError) {
    guard source != nil else { return }
    close()
    onFailure(self, error)
  }

  private func flush() {
    var sent = 0
    do throws(ShimConnectionError) {
      while sent < outbox.count {
        let (packet, descriptors) = outbox[sent]
        guard try ShimConnection.send(packet, descriptors: descriptors, to: socket) else { break }
        sent += 1
      }
    } catch { return fail(error) }
    outbox.removeFirst(sent)
    setInterest()
  }

  private func setInterest() {
    let reading: Interest = isPaused ? [] : .readable
    source?.interest = outbox.isEmpty ? reading : reading.union(.writable)
  }

  /// A few packets a turn, so that the ends of jobs are not kept waiting.
  private func read(_ onPacket: (WorkerLink, [UInt8], [Descriptor]) -> Void) {
    for _ in 0..<16 where source != nil && !isPaused {
      do throws(ShimConnectionError) {
        guard let (packet, descriptors) = try ShimConnection.receive(from: socket) else { return }
        onPacket(self, packet, descriptors)
      } catch { return fail(error) }
    }
  }
}
