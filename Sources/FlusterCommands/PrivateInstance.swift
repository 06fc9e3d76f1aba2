import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// The caller's own flusterd, shim and worker, run as plain processes of a session of their own.
///
/// Which of them live is asked of the kernel and of themselves, never of a file with numbers:
/// flusterd answers on its socket, the shim's socket has a listener, and the worker holds a lock
/// that it inherited.
struct PrivateInstance {
  /// How long starting and stopping may take.
  static let patience = Span.seconds(10)

  let places: Places
  let voice: Voice
  var instance: Instance { Instance(path: places.controlSocket, title: "user instance") }

  init(_ voice: Voice) throws(Failure) {
    self.voice = voice
    do {
      places = try Places.of(.user)
    } catch {
      throw PrivateInstance.failure(error)
    }
  }

  static func failure(_ error: PlaceError) -> Failure {
    let lines = error.description.split(separator: "\n", maxSplits: 1).map(String.init)
    return Failure(.data, lines[0], wayOut: lines.count > 1 ? lines[1] : nil)
  }

  var workerLock: String { "\(places.runtime)/worker.lock" }
  var daemonLog: String { "\(places.state)/daemon.log" }

  /// flusterd's account of itself; nil if nobody listens. Throws if it listens and does not answer.
  func status() throws(Failure) -> (status: WireStatus, connection: Connection)? {
    do throws(CallError) {
      let deadline = Pause.now + PrivateInstance.patience
      let connection = try Connection(to: instance, until: deadline)
      let request = try connection.ask(.getStatus(WireGetStatus()))
      switch try connection.answer(to: request, until: deadline) {
      case .body(.status(let status)): return (status, connection)
      case .body: throw connection.unexpected()
      case .timedOut:
        throw .failed(
          Failure(.tryAgain, "flusterd at \(instance.path) listens, and does not answer"))
      }
    } catch {
      switch error {
      case .unreachable(let failure) where failure.status == .unreachable: return nil
      case .lost: return nil
      case .unreachable(let failure), .failed(let failure): throw failure
      }
    }
  }

  /// Whether somebody listens at the shim's socket. The worker must not notice: the shim would take
  /// a proper connection for a newer worker. One of the wrong type is refused by the kernel, with
  /// a different word if nobody is there.
  var shimListens: Bool {
    do throws(SystemError) {
      _ = try UnixSocket.connect(to: places.shimSocket, kind: .stream)
      return true
    } catch {
      return error.errno == EPROTOTYPE
    }
  }
}
