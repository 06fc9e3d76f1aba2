extension State {
  /// Where a gang's members were placed, by position; `-` for one that has no open attempt.
  package func gangAddresses(of job: Job) -> [String] {
    job.request.array.positions.map { position in
      let attempt = job.records[position]?.open.flatMap { attempts[$0] }
      return attempt.flatMap { workers[$0.worker]?.record.address } ?? "-"
    }
  }
}

extension Gang {
  /// The sets of places that the members may share, in the order of their first: all places, or
  /// those alike in the attribute that the gang is grouped by.
  func sets<Place>(of places: [Place], worker: (Place) -> WorkerRecord) -> [[Place]] {
    guard let groupBy else { return [places] }
    var sets: [[Place]] = []
    var known: [AttributeValue: Int] = [:]
    for place in places {
      guard let value = worker(place).attribute(groupBy) else { continue }
      if let set = known[value] {
        sets[set].append(place)
      } else {
        known[value] = sets.count
        sets.append([place])
      }
    }
    return sets
  }

  /// How many members the largest of these sets takes, each place taking `tasks` unless they
  /// spread; nil: no place is in any.
  func largestRoom<Place>(
    on places: [Place], worker: (Place) -> WorkerRecord, tasks: (Place) -> UInt64
  ) -> UInt64? {
    sets(of: places, worker: worker).map { set in
      set.map { spread ? min(1, tasks($0)) : tasks($0) }.reduce(0, saturatingSum)
    }.max()
  }
}

/// Gangs: all tasks placed in one pass, or none.
extension Controller {
  /// The rooms in which a task of this shape may stand, in the sets that a gang may use: one set,
  /// or one for each value of the attribute it is grouped by, the most wished for first.
  func candidates(for shape: Shape) -> [[Int]] {
    let places = rooms.all.indices.filter { rooms.all[$0].worker.admits(shape) }
    guard let gang = shape.members?.gang, gang.groupBy != nil else { return [places] }
    let sets = gang.sets(of: places) { rooms.all[$0].worker }
    // Stable: sets that are wished for alike stay in the order of their first worker.
    return sets.map { set in (set, set.reduce(0) { $0 + score(shape, at: $1) }) }
      .enumerated().sorted { a, b in
        a.element.1 == b.element.1 ? a.offset < b.offset : a.element.1 > b.element.1
      }
      .map(\.element.0)
  }

  /// Where each unfinished member starts; nil if they do not all fit now.
  func gangPlaces(for job: Job, _ shape: Shape, holds: Bool, _ pass: Pass) -> [(UInt32, Int)]? {
    guard let members = job.waitingGang else { return nil }
    for set in candidates(for: shape) {
      if let places = fill(set, with: members, shape, holds: holds, pass) { return places }
    }
    return nil
  }

  private func fill(
    _ set: [Int], with members: [UInt32], _ shape: Shape, holds: Bool, _ pass: Pass
  ) -> [(UInt32, Int)]? {
    let most = shape.members?.gang.spread == true ? 1 : members.count
    var places: [(UInt32, Int)] = []
    var waiting = members[...]
    for place in set {
      let charge = shape.needs.charge(on: rooms.all[place].worker.capacity)
      var taken = Amounts.none
      for _ in 0..<min(most, waiting.count) {
        guard admits(place, shape, holds: holds, pass, taken: taken) else { break }
        taken.add(charge)
        places.append((waiting.removeFirst(), place))
      }
      if waiting.isEmpty { return places }
    }
    return nil
  }
}
