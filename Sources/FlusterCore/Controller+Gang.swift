extension State {
  /// Where a gang's members were placed, by position; `-` for one that has no open attempt.
  package func gangAddresses(of job: Job) -> [String] {
    job.request.array.positions.map { position in
      let attempt = job.records[position]?.open.flatMap { attempts[$0] }
      return attempt.flatMap { workers[$0.worker]?.record.address } ?? "-"
    }
  }
}

/// Gangs: all tasks placed in one pass, or none.
extension Controller {
  /// The rooms in which a task of this shape may stand, in the sets that a gang may use: one set,
  /// or one for each value of the attribute it is grouped by, the most wished for first.
  func candidates(for shape: Shape) -> [[Int]] {
    let places = rooms.all.indices.filter { rooms.all[$0].worker.admits(shape) }
    guard let attribute = shape.members?.gang.groupBy else { return [places] }
    var sets: [(value: AttributeValue, places: [Int])] = []
    for place in places {
      guard let value = rooms.all[place].worker.attribute(attribute) else { continue }
      if let known = sets.firstIndex(where: { $0.value == value }) {
        sets[known].places.append(place)
      } else {
        sets.append((value, [place]))
      }
    }
    // Stable: sets that are wished for alike stay in the order of their first worker.
    return sets.map { set in (set.places, set.places.reduce(0) { $0 + score(shape, at: $1) }) }
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
