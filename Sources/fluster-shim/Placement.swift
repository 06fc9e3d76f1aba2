import FlusterSystem
import Glibc

/// The files the shim works with, absolute.
struct Placement {
  let listen: String
  let state: String
  let logs: String
  /// Nil: there is none to read.
  let configuration: String?

  /// Flags win over the usual places, which are asked for only if they are needed.
  static func find(_ options: Options) throws(Refusal) -> Placement {
    if options.instance == .system, geteuid() != 0 {
      throw .configuration("--system needs root\nrun fluster-shim --user as yourself")
    }
    let usual = options.instance == .system ? "/etc/fluster/shim.conf" : nil
    let configuration = (options.configuration ?? usual).map(absolute)
    if let listen = options.listen, let state = options.state, let logs = options.logDirectory {
      return Placement(
        listen: absolute(listen), state: absolute(state), logs: absolute(logs),
        configuration: configuration)
    }
    do throws(PlaceError) {
      let places = try Places.ofDaemon(options.instance)
      if options.listen == nil || options.state == nil { try places.prepareRuntime() }
      let logs = absolute(options.logDirectory ?? places.log)
      if options.instance == .user { try? Files.makeDirectories(logs, mode: 0o700) }
      return Placement(
        listen: absolute(options.listen ?? places.shimSocket),
        state: absolute(options.state ?? places.shimState), logs: logs,
        configuration: configuration)
    } catch {
      throw .configuration(error.description)
    }
  }

  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    guard let directory = getcwd(nil, 0) else { return path }
    defer { free(directory) }
    return "\(String(cString: directory))/\(path)"
  }
}
