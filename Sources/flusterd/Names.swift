import FlusterCore
import Glibc

/// Numbers of users and groups by name. May wait for a name service: not for the loop.
enum Names {
  /// Room for one entry; a group of thousands of members needs more, and gets it.
  private static let firstRoom = 1 << 14
  private static let mostRoom = 1 << 24

  /// The uid of a user; nil if there is none of that name.
  static func user(_ name: String) -> UserID? {
    look { start, size in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      let result = getpwnam_r(name, &entry, start, size, &found)
      return (result, found.map { UserID($0.pointee.pw_uid) })
    }
  }

  /// The gid of a group; nil if there is none of that name.
  static func group(_ name: String) -> UInt32? {
    look { start, size in
      var entry = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      let result = getgrnam_r(name, &entry, start, size, &found)
      return (result, found?.pointee.gr_gid)
    }
  }

  /// The name of a uid; nil if it has none.
  static func name(of user: UserID) -> String? {
    look { start, size in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      let result = getpwuid_r(user.number, &entry, start, size, &found)
      return (result, found.flatMap { $0.pointee.pw_name.map { String(cString: $0) } })
    }
  }

  private static func look<Found>(
    _ ask: (UnsafeMutablePointer<CChar>, Int) -> (Int32, Found?)
  ) -> Found? {
    var size = firstRoom
    while size <= mostRoom {
      let room = UnsafeMutablePointer<CChar>.allocate(capacity: size)
      defer { room.deallocate() }
      let (result, found) = ask(room, size)
      if result != ERANGE { return found }
      size *= 4
    }
    return nil
  }
}
