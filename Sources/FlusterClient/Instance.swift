import FlusterSystem
import Glibc

/// Which flusterd a command speaks to.
package struct Instance: Hashable, Sendable {
  /// The socket to connect to.
  package let path: String
  /// How to name it to people: `user instance`, `system instance` or nothing.
  package let title: String

  /// The flusterd that listens at `path`.
  package init(path: String, title: String) {
    self.path = path
    self.title = title
  }

  /// `--socket`, then `$FLUSTER_SOCKET`, then the user's socket if it exists, then the system's.
  ///
  /// A user socket that exists is taken even if nobody listens there: falling through would send
  /// the request to somebody else's queue. Throws usage for an address of a kind not known here.
  package static func choose(option: String?) throws(Failure) -> Instance {
    if let option { return try named(option, by: "--socket") }
    if let variable = Environment.variable("FLUSTER_SOCKET"), !variable.isEmpty {
      return try named(variable, by: "FLUSTER_SOCKET")
    }
    if let places = try? places(.user), try owns(places), Files.exists(places.controlSocket) {
      return user(places)
    }
    let system = try Instance.system()
    if Files.exists(system.path) { return system }
    // Neither is there: the user's is the one that the user can start.
    return (try? places(.user)).map(user) ?? system
  }

  private static func named(_ word: String, by option: String) throws(Failure) -> Instance {
    switch word {
    case "": throw .usage("\(option) is empty; give a path, user or system")
    case "user":
      let places = try places(.user)
      guard try owns(places) || !Files.exists(places.runtime) else {
        throw Failure(
          .permission, "runtime directory \(places.runtime) is not yours",
          wayOut: "set XDG_RUNTIME_DIR to a directory of your own with mode 0700")
      }
      return user(places)
    case "system": return try system()
    default:
      guard !word.hasPrefix("ssh://") else {
        throw .usage("\(option): ssh:// addresses are not served by this version")
      }
      return Instance(path: word, title: "instance")
    }
  }

  private static func user(_ places: Places) -> Instance {
    Instance(path: places.controlSocket, title: "user instance")
  }

  /// What is not the caller's is not the socket that was meant, and nothing is said to it.
  private static func owns(_ places: Places) throws(Failure) -> Bool {
    do throws(PlaceError) {
      return try places.ownsRuntime()
    } catch {
      throw Failure(.unreachable, "\(error)")
    }
  }

  private static func system() throws(Failure) -> Instance {
    Instance(path: try places(.system).controlSocket, title: "system instance")
  }

  private static func places(_ instance: Places.Instance) throws(Failure) -> Places {
    do {
      return try Places.of(instance)
    } catch {
      throw Failure(.unreachable, "\(error)")
    }
  }
}
