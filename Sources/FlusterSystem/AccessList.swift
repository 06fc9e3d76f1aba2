import CFluster
import Glibc

/// Access lists of files, as in acl(5). Any thread; every call may block on the disk.
package enum AccessList {
  /// Lets one more user do everything in a directory of ours; nobody but that user and us enters.
  ///
  /// The bytes are those of the attribute system.posix_acl_access: version 2, then entries of tag,
  /// permissions and id in the order of their tags (linux/posix_acl_xattr.h). ENOTSUP where the
  /// file system keeps no such lists.
  package static func open(directory path: String, to user: UInt32) throws(SystemError) {
    let everything: UInt16 = 7
    let nobody = UInt32.max
    let entries: [(tag: UInt16, permissions: UInt16, id: UInt32)] = [
      (0x01, everything, nobody), (0x02, everything, user), (0x04, 0, nobody),
      (0x10, everything, nobody), (0x20, 0, nobody),
    ]
    var bytes = Self.bytes(UInt32(2))
    for entry in entries {
      bytes += Self.bytes(entry.tag) + Self.bytes(entry.permissions) + Self.bytes(entry.id)
    }
    guard setxattr(path, "system.posix_acl_access", bytes, bytes.count, 0) == 0 else {
      throw SystemError.last("open \(path) to uid \(user)")
    }
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
