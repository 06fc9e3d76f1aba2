import FlusterCore
import FlusterProtocol
import FlusterStore

extension Daemon {
  /// Entries: a part of the list that the next submit on the connection takes.
  func entries(_ wire: WireEntries, _ request: Request) {
    do throws(Refusal) {
      // Whatever is wrong with a part, the list is of no use without it.
      let known = entryLists.take(from: request.connection)
      if let refusal = admission.refusalToSubmit(request.peer) { throw refusal }
      guard let list = wire.begin ? try newList(of: request.peer.uid) : known else {
        throw Refusal.invalid("there is no list on this connection to which entries could be added")
      }
      try add(wire, to: list, request)
      answer(request, .done(WireDone()))
    } catch {
      refuse(request, error)
    }
  }

  /// The list that a submit is about; nil if it is about none.
  ///
  /// Throws invalid-argument if what came is not what it says.
  func entries(
    for submission: Submission, _ launch: WireLaunch, _ list: EntryUpload?
  ) throws(Refusal) -> EntryFile? {
    guard launch.hasEntries, !submission.isDryRun else { return nil }
    guard let list, list.bytes == submission.payload.entryBytes ?? 0,
      list.count == submission.request.array.count, list.digest == launch.entries.hash.array
    else {
      throw Refusal.invalid(
        "the entries that came on this connection are not those of the job",
        wayOut: "send all of them right before the submit; the list may have changed meanwhile")
    }
    return list.file
  }

  /// The entry of a task, if those of its job have any.
  func entry(of task: TaskID, _ payload: Payload) throws(Refusal) -> [UInt8]? {
    guard payload.entryBytes != nil else { return nil }
    if let known = entryLists.entry(of: task) { return known }
    do throws(StoreError) {
      if let block = try storage.entries(of: task.job, around: task.position) {
        entryLists.remember(block, of: task.job)
      }
    } catch {
      throw Refusal(error)
    }
    if let entry = entryLists.entry(of: task) { return entry }
    throw Refusal(.internal, "the entry of position \(task.position) is not in the store")
  }

  private func newList(of owner: UserID) throws(Refusal) -> EntryUpload {
    guard entryLists.count(of: owner) < EntryLists.limit else {
      throw Refusal(
        .resourceExhausted,
        "uid \(owner) is sending \(EntryLists.limit) lists of entries already",
        wayOut: "submit some of them first")
    }
    do throws(StoreError) {
      return try EntryUpload(directory: storage.directory)
    } catch {
      throw Refusal(error)
    }
  }

  private func add(
    _ wire: WireEntries, to list: EntryUpload, _ request: Request
  ) throws(Refusal) {
    var list = list
    let owner = request.peer.uid
    let count = try wire.checkedCount()
    let bytes = list.bytes + wire.entries.count
    guard list.count + count <= TaskArray.maximumCount else {
      throw Refusal.invalid(
        "the list has more entries than the \(TaskArray.maximumCount) tasks of a job",
        wayOut: "submit it in parts")
    }
    guard bytes <= Limit.entries else {
      throw Refusal.invalid(
        "the entries have more bytes than the limit of \(Limit.entries)",
        wayOut: "submit the list in parts, or put what is long into files and list their names")
    }
    guard entryLists.bytes(of: owner) + bytes <= settings.maxStoredBytes else {
      throw Refusal(
        .resourceExhausted, "the entries that uid \(owner) is sending are more than may be stored",
        wayOut: "the limit is MaxStoredBytes= of fluster.conf(5)")
    }
    do throws(StoreError) {
      try list.append(wire.entries.array, count: count)
    } catch {
      throw Refusal(error)
    }
    entryLists.keep(list, of: owner, from: request.connection)
  }
}
