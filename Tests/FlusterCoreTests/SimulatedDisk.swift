import FlusterCore
import FlusterStore
import Glibc

/// The real store, on a disk that may refuse.
///
/// What refuses is the limit on the size of files, which holds for the whole process: for processes
/// of their own only.
final class SimulatedDisk {
  private static let files = ["fluster.db", "fluster.db-wal", "fluster.db-shm", "flusterd.lock"]

  private let root: String
  /// The lives of the controller, counted; each has a directory of its own.
  private var life = 0
  private var store: Store
  private(set) var reader: Reader
  private var number: UInt64 = 0

  /// Makes a store in memory, if there is a file system for that.
  init() throws {
    let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(place)/fluster-simulation-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw DiskTrouble("no directory in \(place): \(errno)") }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    store = try Store.open(directory: root + "/0")
    reader = try Reader.open(directory: root + "/0")
  }

  deinit {
    Self.remove(directory)
    rmdir(root)
  }

  private var directory: String { "\(root)/\(life)" }

  func commit(_ turns: some Sequence<SimulatedTurn>) throws(StoreError) {
    let turns = turns.map { turn in
      number += 1
      return Turn(number: number, events: turn.events, progress: turn.progress)
    }
    try store.commit(turns)
  }

  /// As the writer does after a commit, and more often.
  func checkpoint() throws(StoreError) { try store.checkpoint(atLeast: 100) }

  func probe() throws(StoreError) { try store.probe() }

  func restore() throws(StoreError) -> Restored { try store.restore() }

  /// The controller was killed: what the files were at that moment is what the next one finds.
  func reopen() throws -> Restored {
    accept()
    let before = directory
    life += 1
    guard mkdir(directory, 0o700) == 0 else { throw DiskTrouble("no \(directory): \(errno)") }
    for file in Self.files.prefix(2) {
      try Self.copy("\(before)/\(file)", to: "\(directory)/\(file)")
    }
    store = try Store.open(directory: directory)
    reader = try Reader.open(directory: directory)
    Self.remove(before)
    return try store.restore()
  }

  /// From now on the log of the store may grow by so many bytes and no more.
  func refuse(after bytes: UInt) {
    var status = stat()
    guard stat(directory + "/fluster.db-wal", &status) == 0 else { return }
    Self.limit(to: UInt(status.st_size) + bytes)
  }

  func accept() { Self.limit(to: nil) }

  private static func limit(to bytes: UInt?) {
    signal(SIGXFSZ, SIG_IGN)
    // RLIMIT_FSIZE, whose type differs between versions of the C library.
    let resource = __rlimit_resource_t(1)
    var limit = rlimit()
    getrlimit(resource, &limit)
    limit.rlim_cur = bytes ?? limit.rlim_max
    setrlimit(resource, &limit)
  }

  private static func copy(_ source: String, to target: String) throws {
    let from = open(source, O_RDONLY | O_CLOEXEC)
    let to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    defer {
      close(from)
      close(to)
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(from, &buffer, buffer.count)
      guard count > 0 else {
        if count == 0 { return }
        throw DiskTrouble("\(source) cannot be read: \(errno)")
      }
      guard write(to, buffer, count) == count else {
        throw DiskTrouble("\(target) cannot be written: \(errno)")
      }
    }
  }

  private static func remove(_ directory: String) {
    for file in files { unlink("\(directory)/\(file)") }
    rmdir(directory)
  }
}

/// What the simulated disk itself could not do.
struct DiskTrouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
