import Glibc

/// Names of users, each looked up once. A look-up may read /etc/passwd or ask a directory service,
/// so only those that are shown are made.
package struct UserNames {
  private var known: [UInt32: String?] = [:]

  /// Nobody looked up yet.
  package init() {}

  /// The name of a uid, else its number.
  package mutating func name(of uid: UInt32) -> String { knownName(of: uid) ?? "\(uid)" }

  /// The name of a uid; nil if it has none.
  package mutating func knownName(of uid: UInt32) -> String? {
    if let name = known[uid] { return name }
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    let name: String? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { room in
      guard let start = room.baseAddress,
        getpwuid_r(uid, &entry, start, room.count, &found) == 0, found != nil,
        let name = entry.pw_name
      else { return nil }
      return String(cString: name)
    }
    known[uid] = .some(name)
    return name
  }
}
