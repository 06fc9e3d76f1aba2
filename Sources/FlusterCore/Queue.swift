internal import HeapModule

/// What jobs have in common that stand and fall together in a placement pass: where one task of
/// this shape finds no place, none does.
struct Shape: Hashable, Sendable {
  struct Members: Hashable, Sendable {
    let gang: Gang
    let count: UInt32
  }

  /// Some workers take the work of one owner only.
  let owner: UserID
  let needs: Requirement
  /// A task that is over in time may use what is kept for another.
  let timeLimit: Span?
  let members: Members?

  init(of job: Job) {
    let request = job.request
    owner = request.owner
    needs = request.needs
    timeLimit = request.timeLimit
    guard request.hasOptions, let gang = request.options.gang else {
      members = nil
      return
    }
    members = Members(gang: gang, count: request.array.count)
  }
}

/// Pending work in the order in which it is to be served: an index over the state that can be
/// built anew at any time.
///
/// Jobs of equal shape form one group, so that a pass costs by groups and workers, not by pending
/// tasks. Entries are dropped lazily: a job that stands in a heap without having anything to start
/// is taken out when it comes to the front.
package struct Queue: Sendable {
  struct Group: Sendable {
    let shape: Shape
    /// Unfinished jobs of this shape.
    var members = 0
    /// Jobs that may have something to start.
    var ready = Heap<Rank>()
    /// The first of them, as `order` has it.
    var head: Rank?
    /// It fitted nowhere; only a room that has grown since can change that.
    var isBlocked = false
    var isFresh = false
  }

  struct Head: Comparable, Sendable {
    let rank: Rank
    let group: Int

    static func < (a: Head, b: Head) -> Bool { a.rank < b.rank }
  }

  private(set) var groups: [Group] = []
  private var index: [Shape: Int] = [:]
  /// Where the last job was that somebody looked for by its shape.
  private var lastGroup = 0
  /// Places in `groups` without members, to be used again.
  private var vacant: [Int] = []
  /// Jobs that stand in their group's heap.
  private var queued = JobSet()
  /// Positions per job that were attempted before and may be attempted again.
  private var retries: [JobID: Heap<UInt32>] = [:]
  /// The heads of the groups, sorted. An entry that is not its group's head any more is dropped
  /// when it is met.
  private(set) var order: [Head] = []
  /// Groups that have got a head since the last pass and are not blocked.
  private var fresh: [Int] = []
  private var freshCount = 0
  var waits = Waits()

  init(state: State) {
    for job in state.jobs {
      enter(job)
      guard !job.records.isEmpty else { continue }
      for position in job.records.keys.sorted() {
        guard let record = job.records[position], record.state == .pending else { continue }
        retry(TaskID(job.id, position), record, of: job)
      }
    }
  }

  /// The smallest share of a processor that anything waits for; no more than a lower bound.
  private(set) var leastCpuMillis = UInt64.max

  /// A job has come.
  mutating func enter(_ job: Job) {
    let place = group(of: job)
    groups[place].members += 1
    offer(job, in: place)
    waits.enter(job)
  }

  /// A job is gone; its entries in heaps go when they come to the front, or with the last member.
  mutating func leave(_ job: Job) {
    waits.leave(job.id)
    guard let place = index[Shape(of: job)] else { return }
    queued.remove(job.id)
    retries[job.id] = nil
    groups[place].members -= 1
    if groups[place].members == 0 { vacate(place) }
  }

  /// The last member of a group is gone.
  private mutating func vacate(_ place: Int) {
    index[groups[place].shape] = nil
    groups[place].ready = Heap()
    groups[place].head = nil
    look(at: place)
    vacant.append(place)
    if vacant.count == groups.count { leastCpuMillis = .max }
  }

  /// A job that stands elsewhere now than it did.
  struct Move {
    let before: Job
    let after: Job
  }

  /// Takes jobs from where they stood to where they stand. Entries of theirs do not stay in heaps:
  /// who met one there would serve the job out of turn.
  mutating func move(_ moves: [Move]) {
    var left: [Int: Set<JobID>] = [:]
    for move in moves {
      guard let place = index[Shape(of: move.before)] else { continue }
      queued.remove(move.before.id)
      left[place, default: []].insert(move.before.id)
    }
    for (place, jobs) in left.sorted(by: { $0.key < $1.key }) {
      groups[place].members -= jobs.count
      guard groups[place].members > 0 else {
        vacate(place)
        continue
      }
      groups[place].ready.removeAll { jobs.contains($0.job) }
      setHead(of: place)
    }
    for move in moves {
      let place = group(of: move.after)
      groups[place].members += 1
      offer(move.after, in: place)
    }
  }

  /// The job may have something to start now.
  mutating func offer(_ job: Job) { offer(job, in: group(of: job)) }

  private mutating func offer(_ job: Job, in place: Int) {
    guard queued.insert(job.id) else { return }
    groups[place].ready.insert(job.rank)
    setHead(of: place)
  }

  /// A task waits for another attempt.
  mutating func retry(_ task: TaskID, _ record: TaskRecord, of job: Job) {
    if let until = record.notBefore {
      waits.enter(task, until: until)
    } else {
      retries[task.job, default: Heap()].insert(task.position)
      offer(job)
    }
  }

  /// The job at the front of a group that has something to start, and its next position.
  mutating func front(of place: Int, in state: State) -> (rank: Rank, position: UInt32)? {
    defer { setHead(of: place) }
    while let rank = groups[place].ready.min {
      if let job = state.jobs[rank.job], queued.contains(rank.job),
        let position = startable(job, in: state)
      {
        return (rank, position)
      }
      groups[place].ready.removeMin()
      queued.remove(rank.job)
    }
    return nil
  }

  /// The lowest position of the job that may be started now.
  private mutating func startable(_ job: Job, in state: State) -> UInt32? {
    guard !job.progress.held, !state.dependents.isWaiting(job.id),
      !waits.isEarly(job.id)
    else { return nil }
    let active = job.progress.counts.active
    if let throttle = job.request.array.throttle, active >= throttle { return nil }
    if job.request.hasOptions, job.request.options.gang != nil { return job.waitingGang?.first }
    let fresh = job.progress.pending.ranges.first?.lowerBound
    while let position = retries[job.id]?.min {
      if job.records[position]?.mayStart == true { return min(fresh ?? position, position) }
      retries[job.id]?.removeMin()
    }
    retries[job.id] = nil
    return fresh
  }

  private mutating func group(of job: Job) -> Int {
    let shape = Shape(of: job)
    // Jobs come in streams of one shape; comparing is cheaper than hashing.
    if lastGroup < groups.count, groups[lastGroup].members > 0, groups[lastGroup].shape == shape {
      return lastGroup
    }
    lastGroup = index[shape] ?? makeGroup(of: shape)
    return lastGroup
  }

  private mutating func makeGroup(of shape: Shape) -> Int {
    leastCpuMillis = min(leastCpuMillis, shape.needs.cpuMillis)
    let place: Int
    if let reused = vacant.popLast() {
      place = reused
      groups[place] = Group(shape: shape)
    } else {
      place = groups.count
      groups.append(Group(shape: shape))
    }
    index[shape] = place
    return place
  }
}

/// The heads in order, as a pass meets them.
extension Queue {
  /// How far a pass has come.
  struct Walk {
    fileprivate var cursor: Int
    fileprivate var later = Heap<Head>()
  }

  /// Starts a pass: over all groups, or only over those that no pass has seen yet.
  mutating func walk(everything: Bool) -> Walk {
    if everything {
      dropStale()
      return Walk(cursor: 0)
    }
    var walk = Walk(cursor: order.count)
    for place in fresh { add(place, to: &walk) }
    return walk
  }

  /// The next group with a head, in order.
  mutating func next(in walk: inout Walk) -> Int? {
    while true {
      let ahead = walk.cursor < order.count ? order[walk.cursor] : nil
      let head: Head
      if let late = walk.later.min, ahead.map({ late < $0 }) ?? true {
        head = walk.later.removeMin()
      } else if let ahead {
        walk.cursor += 1
        head = ahead
      } else {
        return nil
      }
      guard isCurrent(head) else { continue }
      look(at: head.group)
      return head.group
    }
  }

  /// The group of what has waited longest, if no room has grown that it could fit into.
  var oldestIfBlocked: Int? {
    for head in order where isCurrent(head) {
      return groups[head.group].isBlocked ? head.group : nil
    }
    return nil
  }

  /// The first `most` heads, in order.
  func heads(_ most: Int) -> [Head] {
    var heads: [Head] = []
    for head in order where isCurrent(head) && head != heads.last {
      heads.append(head)
      if heads.count == most { break }
    }
    return heads
  }

  /// The group has another head now; the pass will come to it in its turn.
  mutating func add(_ place: Int, to walk: inout Walk) {
    guard let rank = groups[place].head else { return }
    walk.later.insert(Head(rank: rank, group: place))
  }

  /// It fits nowhere.
  mutating func block(_ place: Int) { groups[place].isBlocked = true }

  /// Ends a pass. What it did not come to for want of any room fits nowhere.
  mutating func settle() {
    for place in fresh where groups[place].isFresh {
      look(at: place)
      groups[place].isBlocked = groups[place].head != nil
    }
    fresh.removeAll(keepingCapacity: true)
  }

  /// There are groups that no pass has seen yet.
  var hasFresh: Bool { freshCount > 0 }

  private mutating func look(at place: Int) {
    guard groups[place].isFresh else { return }
    groups[place].isFresh = false
    freshCount -= 1
  }

  private func isCurrent(_ head: Head) -> Bool { groups[head.group].head == head.rank }

  private mutating func setHead(of place: Int) {
    let rank = groups[place].ready.min
    guard rank != groups[place].head else { return }
    groups[place].head = rank
    guard let rank else {
      // Passes do not meet it any more, and so would not see a room grow that it fits into.
      groups[place].isBlocked = false
      return
    }
    let head = Head(rank: rank, group: place)
    order.insert(head, at: lowerBound(of: head))
    guard !groups[place].isBlocked, !groups[place].isFresh else { return }
    groups[place].isFresh = true
    freshCount += 1
    fresh.append(place)
  }

  private func lowerBound(of head: Head) -> Int {
    var (low, high) = (0, order.count)
    while low < high {
      let middle = (low + high) / 2
      if order[middle] < head { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Drops what is not a head any more once it is half of all.
  private mutating func dropStale() {
    guard order.count > 2 * (groups.count - vacant.count) else { return }
    var heads: [Head] = []
    for head in order where isCurrent(head) && head != heads.last { heads.append(head) }
    order = heads
  }
}

extension TaskRecord {
  /// It waits for another attempt, and nothing but room is missing.
  var mayStart: Bool { state == .pending && !held && notBefore == nil }
}

extension Job {
  /// The positions of a gang's unfinished members, if all of them could start now.
  var waitingGang: [UInt32]? {
    let counts = progress.counts
    guard counts.active == 0, counts.pending > 0, progress.heldTasks.isEmpty,
      records.values.allSatisfy(\.mayStart)
    else { return nil }
    return waiting.ranges.flatMap { Array($0) }
  }
}
