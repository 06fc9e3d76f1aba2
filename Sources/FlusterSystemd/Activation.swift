import CSystemd
package import FlusterSystem
import Glibc

/// Sockets that systemd opened for us.
package enum Activation {
  /// The passed descriptors with their names (FileDescriptorName=), close-on-exec.
  ///
  /// To be called once, first thing in main: the variables that tell of them are removed, so that
  /// no child believes they are its own, and anything opened before could be mistaken for them.
  package static func take() -> [(name: String, descriptor: Descriptor)] {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = sd_listen_fds_with_names(1, &names)
    defer {
      for index in 0..<Int(max(count, 0)) { free(names?[index]) }
      free(names)
    }
    guard count > 0 else { return [] }
    return (0..<count).map { index in
      let name = names?[Int(index)].map { String(cString: $0) } ?? "unknown"
      return (name, Descriptor(adopting: SD_LISTEN_FDS_START + index))
    }
  }

  /// Whether a passed descriptor is a Unix stream socket that listens: what a daemon can accept
  /// connections from.
  package static func isListener(_ descriptor: Descriptor) -> Bool {
    sd_is_socket_unix(descriptor.raw, Int32(SOCK_STREAM.rawValue), 1, nil, 0) > 0
  }
}
