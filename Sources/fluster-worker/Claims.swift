import FlusterCore
import FlusterSystem
import Glibc

/// What attempts of this worker hold on the machine: a link `NAME -> WORKER/UID` each, in one
/// directory. A link is made whole or not at all, so that no two workers hold one name, and it is
/// there again after a restart.
struct Claims {
  /// For no longer than the machine's boot, and this worker's to write.
  let directory: String
  let worker: String
  private var names: [AttemptUID: [String]] = [:]

  /// What the worker held before; nothing where there is no such directory yet.
  init(directory: String, worker: String) {
    self.directory = directory
    self.worker = worker
    for name in (try? Files.names(in: directory)) ?? [] {
      guard let target = Self.target(of: "\(directory)/\(name)"),
        let slash = target.lastIndex(of: "/"), target[..<slash] == worker,
        let uid = AttemptUID(hex: String(target[target.index(after: slash)...]))
      else { continue }
      names[uid, default: []].append(name)
    }
  }

  /// Attempts that hold something, by uid.
  var attempts: [AttemptUID] { names.keys.sorted() }

  /// What an attempt holds, in the order in which it was taken.
  func names(of uid: AttemptUID) -> [String] { names[uid] ?? [] }

  /// Takes a name; false if somebody has it.
  mutating func take(_ name: String, for uid: AttemptUID) throws(SystemError) -> Bool {
    let path = "\(directory)/\(name)"
    if symlink("\(worker)/\(uid)", path) != 0 {
      if errno == EEXIST { return false }
      guard errno == ENOENT else { throw SystemError.last("claim \(path)") }
      try Files.makeDirectories(directory, mode: 0o700)
      return try take(name, for: uid)
    }
    names[uid, default: []].append(name)
    return true
  }

  /// Gives a name back.
  mutating func drop(_ name: String, of uid: AttemptUID) throws(SystemError) {
    names[uid]?.removeAll { $0 == name }
    if names[uid]?.isEmpty == true { names[uid] = nil }
    try Files.remove("\(directory)/\(name)")
  }

  private static func target(of path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { room in
      guard let start = room.baseAddress else { return nil }
      let count = readlink(path, start, room.count)
      guard count > 0 else { return nil }
      return String(
        decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[..<count]),
        as: UTF8.self)
    }
  }
}
