import FlusterSystem
import FlusterSystemd

/// The connection to the shim: requests that it does not read yet wait here.
final class ShimLink {
  /// Notices taken in one go, so that the controller is heard, too.
  private static let batch = 64

  let connection: ShimConnection
  private var source: Source?
  private var outbox: [ShimRequest] = []
  /// The shim's process, once it has said hello.
  var hello: ShimHello?

  /// Takes a connection and says hello. `onNotices` gets what came, and the reason if it was the
  /// last; nothing is called after that.
  init(
    _ connection: ShimConnection, loop: EventLoop,
    onNotices: @escaping (ShimLink, [(ShimNotice, [Descriptor])], ShimConnectionError?) -> Void
  ) throws(SystemError) {
    self.connection = connection
    source = try loop.watch(connection.descriptor, for: .readable) { [weak self] readiness in
      guard let self else { return }
      let failure = readiness.contains(.writable) ? flush() : nil
      let (notices, end) = readiness == .writable ? ([], nil) : receive()
      if let end = failure ?? end {
        close()
        onNotices(self, notices, end)
      } else {
        onNotices(self, notices, nil)
      }
    }
  }

  /// Sends now, or as soon as the shim reads. An error shows up with the next notices.
  func send(_ request: ShimRequest) {
    guard source != nil else { return }
    outbox.append(request)
    if outbox.count == 1 { _ = flush() }
  }

  /// Ends it.
  func close() {
    source?.cancel()
    source = nil
    outbox = []
  }

  private func flush() -> ShimConnectionError? {
    var sent = 0
    defer {
      outbox.removeFirst(sent)
      source?.interest = outbox.isEmpty ? .readable : [.readable, .writable]
    }
    do throws(ShimConnectionError) {
      while sent < outbox.count, try connection.send(outbox[sent]) { sent += 1 }
      return nil
    } catch {
      return error
    }
  }

  private func receive() -> ([(ShimNotice, [Descriptor])], ShimConnectionError?) {
    var notices: [(ShimNotice, [Descriptor])] = []
    do throws(ShimConnectionError) {
      while notices.count < Self.batch, let notice = try connection.receive() {
        notices.append(notice)
      }
      return (notices, nil)
    } catch {
      return (notices, error)
    }
  }
}
