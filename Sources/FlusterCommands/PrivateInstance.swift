import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// The caller's own flusterd, shim and worker: units of the caller's service manager where there is
/// one, else plain processes in sessions of their own.
///
/// Which of them live is asked of the kernel, of themselves and of the manager, never of a file
/// with numbers: flusterd answers on its socket, the shim's socket has a listener, and the worker
/// has its unit, or holds a lock that it inherited.
struct PrivateInstance {
  /// How long starting and stopping may take.
  static let patience = Span.seconds(10)

  let places: Places
  let manager: UserSystemd?
  let voice: Voice
  var instance: Instance { Instance(path: places.controlSocket, title: "user instance") }

  init(_ voice: Voice) throws(Failure) {
    self.voice = voice
    do {
      places = try Places.of(.user)
    } catch {
      throw PrivateInstance.failure(error)
    }
    let environment = PrivateInstance.environment(places)
    manager = PrivateInstance.base(places).flatMap { UserSystemd(in: $0, environment: environment) }
  }

  /// The caller's environment without what is its terminal's, session's or service's alone: a
  /// daemon outlives all of them. The places are named, lest a manager have other ones in mind.
  static func environment(_ places: Places) -> [[UInt8]] {
    var named = [
      "XDG_STATE_HOME": Files.parent(of: places.state),
      "XDG_CONFIG_HOME": Files.parent(of: Files.parent(of: places.configuration)),
    ]
    named["XDG_RUNTIME_DIR"] = base(places)
    let others = Environment.entries().filter { entry in
      CapturedEnvironment.name(of: entry).map {
        !CapturedEnvironment.isOfSession($0) && named[$0] == nil
      } ?? false
    }
    return others + named.sorted { $0.key < $1.key }.map { Array("\($0.key)=\($0.value)".utf8) }
  }

  /// The user's runtime directory, if that is where ours is.
  private static func base(_ places: Places) -> String? {
    let base = Files.parent(of: places.runtime)
    return places.runtime == "\(base)/fluster" ? base : nil
  }

  static func failure(_ error: PlaceError) -> Failure {
    let lines = error.description.split(separator: "\n", maxSplits: 1).map(String.init)
    return Failure(.data, lines[0], wayOut: lines.count > 1 ? lines[1] : nil)
  }

  var workerLock: String { "\(places.runtime)/worker.lock" }
  var daemonLog: String { "\(places.state)/daemon.log" }
  /// Where the daemons have said more.
  var wayOut: String { manager == nil ? "see \(daemonLog)" : UserSystemd.wayOut }

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
  /// a proper connection for a newer worker.
  var shimListens: Bool { UnixSocket.hasListener(at: places.shimSocket, kind: .seqpacket) }
}
