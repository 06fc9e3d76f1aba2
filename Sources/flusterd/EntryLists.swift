import FlusterCore
import FlusterStore

/// The lists of entries that are coming in, one a connection, and what was read of those that are
/// stored.
struct EntryLists {
  private struct Upload {
    let owner: UserID
    var list: EntryUpload
  }

  /// Lists of one user that may be coming in at a time: each holds a descriptor.
  static let limit = 64
  /// Blocks that are kept: those of jobs whose tasks are being placed.
  private static let blocks = 16

  private var uploads: [ConnectionID: Upload] = [:]
  /// The newest last.
  private var read: [(job: JobID, block: EntryBlock)] = []

  /// How many lists of a user are coming in.
  func count(of owner: UserID) -> Int { uploads.values.count { $0.owner == owner } }

  /// What a user has sent and not submitted, in bytes.
  func bytes(of owner: UserID) -> Int {
    uploads.values.reduce(0) { $0 + ($1.owner == owner ? $1.list.bytes : 0) }
  }

  /// The list that came on a connection, which is forgotten.
  mutating func take(from connection: ConnectionID) -> EntryUpload? {
    uploads.removeValue(forKey: connection)?.list
  }

  /// Keeps a list until the connection submits it, or ends.
  mutating func keep(_ list: EntryUpload, of owner: UserID, from connection: ConnectionID) {
    uploads[connection] = Upload(owner: owner, list: list)
  }

  /// An entry, if its block was read not long ago.
  func entry(of task: TaskID) -> [UInt8]? {
    for (job, block) in read.reversed() where job == task.job {
      if let entry = block[task.position] { return entry }
    }
    return nil
  }

  /// Remembers a block.
  mutating func remember(_ block: EntryBlock, of job: JobID) {
    if read.count == Self.blocks { read.removeFirst() }
    read.append((job, block))
  }

  /// Other jobs may have the numbers that these had.
  mutating func forgetBlocks() { read = [] }
}
