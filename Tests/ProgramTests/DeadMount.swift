import Glibc

/// A FUSE file system whose server never answers.
struct DeadMount {
  let path: String
  private let device: Int32

  /// Nil where this is not possible.
  init?(at path: String) {
    mkdir(path, 0o755)
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
    guard device >= 0 else { return nil }
    let options = "fd=\(device),rootmode=40000,user_id=0,group_id=0,allow_other"
    guard mount("dead", path, "fuse", 0, options) == 0 else {
      close(device)
      return nil
    }
    self.path = path
  }

  /// Lets everybody who waits for it go.
  func end() {
    close(device)
    umount2(path, Int32(MNT_DETACH))
  }
}
