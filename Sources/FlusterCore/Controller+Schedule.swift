internal import HeapModule

/// The placement pass: submission order, first fit, skip and continue.
extension Controller {
  /// A worker with a connection and what it has left in this pass.
  private struct Room {
    let worker: WorkerID
    let capacity: Amounts
    var free: Amounts
  }

  /// The oldest job of a group with something to start.
  private struct Head: Comparable {
    let job: JobID
    let position: UInt32
    let group: Int

    static func < (a: Head, b: Head) -> Bool { a.job < b.job }
  }

  mutating func schedule(at now: Moment) {
    wantsSchedule = false
    var rooms = state.connected.map { worker in
      Room(
        worker: worker.record.id, capacity: worker.record.capacity,
        free: state.free(on: worker.record.id))
    }
    guard rooms.contains(where: { $0.free.cpuMillis > 0 }) else { return }
    var heads = Heap<Head>()
    for group in queue.groups.indices { push(group, onto: &heads) }
    while let head = heads.popMin() {
      let needs = queue.groups[head.group].requirement
      // Room only shrinks in a pass: where one task of a group does not fit, none does.
      guard let place = firstFit(needs, in: rooms) else { continue }
      let charge = needs.charge(on: rooms[place].capacity)
      rooms[place].free.subtract(charge)
      assign(TaskID(head.job, head.position), to: rooms[place].worker, charge, at: now)
      push(head.group, onto: &heads)
    }
  }

  private mutating func push(_ group: Int, onto heads: inout Heap<Head>) {
    guard let front = queue.front(of: group, in: state) else { return }
    heads.insert(Head(job: front.job, position: front.position, group: group))
  }

  private func firstFit(_ needs: Requirement, in rooms: [Room]) -> Int? {
    rooms.firstIndex { $0.free.covers(needs.charge(on: $0.capacity)) }
  }

  private mutating func assign(
    _ task: TaskID, to worker: WorkerID, _ charge: Amounts, at now: Moment
  ) {
    let uid = AttemptUID(high: random.next(), low: random.next())
    let number = state.jobs[task.job]?.records[task.position]?.attempts ?? 0
    record(
      .assigned(
        OpenAttempt(
          uid: uid, task: task, number: number, worker: worker, charge: charge,
          assigned: now.wall)))
    effect(.run(uid))
  }
}
