import CFluster
import FlusterSystem
import Glibc

/// The part of the cgroup2 tree that is the shim's to divide: one directory an attempt.
struct ControlGroups {
  /// The directory in which attempts have theirs.
  let directory: String
  /// Whether the directory is one that the shim made, and removes when it leaves.
  let isOwn: Bool
  /// The controllers that work in it.
  let controllers: Set<String>

  /// What an attempt can be limited by, if there are controllers for it.
  private static let wanted = ["cpu", "cpuset", "memory", "pids", "io"]
  /// What cannot be enforced without any of it, sorted.
  static let lacksOfNone = ["cgroup", "cpu", "cpuset", "memory", "pids"]

  /// Finds or makes the subtree; nil where there is none for us.
  ///
  /// A unit with Delegate=yes has its own; root without systemd makes one named after the state
  /// directory, so that the next shim finds it again. In a unit without delegation, systemd is the
  /// one writer of the tree; `isDelegated` is somebody's word that it is not.
  static func prepare(stateDirectory: String, isDelegated: Bool) -> ControlGroups? {
    guard let mount = mountPoint(), let own = ownPath() else { return nil }
    // Its path goes into packets, which have a limit.
    guard mount.utf8.count + own.utf8.count < 2048 else { return nil }
    let here = own == "/" ? mount : mount + own
    if fl_is_delegated(here) || isDelegated && isOurs(here), moveAway(from: here) {
      return ControlGroups(in: here, isOwn: false)
    }
    // With DelegateSubgroup= the shim is in a leaf already.
    let above = Files.parent(of: here)
    if above.hasPrefix(mount), fl_is_delegated(above) {
      return ControlGroups(in: above, isOwn: false)
    }
    let underSystemd = Files.isDirectory("/run/systemd/system")
    guard geteuid() == 0, !underSystemd else { return nil }
    let path = "\(mount)/fluster-shim-\(digest(stateDirectory))"
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { return nil }
    enable(in: mount)
    return ControlGroups(in: path, isOwn: true)
  }

  /// One that is the shim's already.
  init(in directory: String, isOwn: Bool) {
    Self.enable(in: directory)
    self.directory = directory
    self.isOwn = isOwn
    controllers = Set(Self.text("\(directory)/cgroup.subtree_control").words)
  }

  /// The directory of an attempt's cgroup.
  func path(of uid: [UInt8]) -> String { "\(directory)/\(ShimSpawn.hexadecimal(uid))" }

  /// Limits that cannot be enforced, sorted.
  var lacks: [String] { ["cpu", "cpuset", "memory", "pids"].filter { !controllers.contains($0) } }

  /// The processors that there are for attempts; nil where they cannot be shared out.
  var processors: ProcessorSet? {
    guard controllers.contains("cpuset") else { return nil }
    return ProcessorSet(list: Self.text("\(directory)/cpuset.cpus.effective"))
  }

  /// Leaves nothing behind, unless somebody else put something there.
  func remove() {
    if isOwn { rmdir(directory) }
  }

  private static func enable(in directory: String) {
    let offered = Set(text("\(directory)/cgroup.controllers").words)
    // One by one: a single one that cannot be had would spoil the others.
    for name in wanted where offered.contains(name) {
      _ = write("+\(name)", to: "\(directory)/cgroup.subtree_control")
    }
  }

  private static func isOurs(_ directory: String) -> Bool {
    var status = stat()
    return stat(directory, &status) == 0 && status.st_uid == geteuid()
  }

  /// A cgroup with processes cannot have limited children, so the shim moves to a leaf of its own.
  private static func moveAway(from directory: String) -> Bool {
    let leaf = "\(directory)/shim"
    guard mkdir(leaf, 0o755) == 0 || errno == EEXIST else { return false }
    return write("0", to: "\(leaf)/cgroup.procs") == 0
  }

  /// Where cgroup2 is mounted; under /sys/fs/cgroup/unified on machines that also have version 1.
  private static func mountPoint() -> String? {
    for line in text("/proc/self/mountinfo").split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count,
        fields[separator + 1] == "cgroup2", fields.count > 4
      else { continue }
      return String(fields[4])
    }
    return nil
  }

  private static func ownPath() -> String? {
    text("/proc/self/cgroup").split(separator: "\n").first { $0.hasPrefix("0::") }
      .map { String($0.dropFirst(3)) }
  }

  /// 64 bits of FNV-1a, in hexadecimal: a name, not a secret.
  private static func digest(_ text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }

  /// A small kernel file; empty if it cannot be read.
  static func text(_ path: String) -> String {
    String(decoding: (try? Files.read(path, limit: 1 << 20)) ?? [], as: UTF8.self)
  }

  /// Writes a kernel file by one call. Returns 0 or an errno.
  static func write(_ text: String, to path: String) -> Int32 {
    let fd = open(path, O_WRONLY | O_CLOEXEC)
    guard fd >= 0 else { return errno }
    let file = Descriptor(adopting: fd)
    let bytes = Array(text.utf8)
    return Glibc.write(file.raw, bytes, bytes.count) < 0 ? errno : 0
  }
}

extension String {
  fileprivate var words: [String] { split(whereSeparator: \.isWhitespace).map(String.init) }
}
