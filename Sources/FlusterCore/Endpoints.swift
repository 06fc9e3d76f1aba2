/// All endpoints, by the attempts that own them and by the namespace in which they are looked up.
package struct Endpoints: Hashable, Sendable {
  /// An endpoint with the task that decides its place.
  private struct Entry: Hashable, Sendable {
    let task: TaskID
    let endpoint: Endpoint

    /// By name; under one name by task, and then by address: which comes first does not depend on
    /// when it came.
    func precedes(_ other: Entry) -> Bool {
      let (a, b) = (endpoint, other.endpoint)
      if a.name.precedes(b.name) { return true }
      if b.name.precedes(a.name) { return false }
      return task == other.task ? a.address.precedes(b.address) : task < other.task
    }
  }

  private struct Owner: Hashable, Sendable {
    let namespace: JobID
    /// In order; never empty.
    var entries: [Entry] = []
  }

  private var owners: [AttemptUID: Owner] = [:]
  /// In order; none is empty.
  private var namespaces: [JobID: [Entry]] = [:]

  /// None.
  init() {}

  /// Attempts that have some, by uid.
  var attempts: [AttemptUID] { owners.keys.sorted() }

  /// How many there are in a namespace.
  func count(in namespace: JobID) -> Int { namespaces[namespace]?.count ?? 0 }

  /// Whether there are some in a namespace.
  package func hasAny(in namespace: JobID) -> Bool { namespaces[namespace] != nil }

  /// The roots of all trees in which there are some, in order.
  package var roots: [JobID] { namespaces.keys.sorted() }

  /// All of an attempt: by name, and then by address.
  package func list(of attempt: AttemptUID) -> [Endpoint] {
    owners[attempt]?.entries.map(\.endpoint) ?? []
  }

  /// Those of a namespace whose names begin with `prefix`, each with its task: by name, under one
  /// name by task, and then by address. At most so many, from behind `last` on.
  package func list(
    in namespace: JobID, prefix: String = "",
    behind last: (endpoint: Endpoint, task: TaskID)? = nil, most: Int = .max
  ) -> [(endpoint: Endpoint, task: TaskID)] {
    guard let all = namespaces[namespace] else { return [] }
    let shown = last.map { Entry(task: $0.task, endpoint: $0.endpoint) }
    let place = all.place { entry in
      shown.map { !$0.precedes(entry) } ?? entry.endpoint.name.precedes(prefix)
    }
    return all[place...].prefix(most)
      .prefix { $0.endpoint.name.utf8.starts(with: prefix.utf8) }.map { ($0.endpoint, $0.task) }
  }

  mutating func add(_ endpoint: Endpoint, of task: TaskID, in namespace: JobID) {
    let entry = Entry(task: task, endpoint: endpoint)
    owners[endpoint.attempt, default: Owner(namespace: namespace)].entries.put(
      entry, by: { $0.precedes($1) })
    namespaces[namespace, default: []].put(entry, by: { $0.precedes($1) })
  }

  mutating func remove(_ attempt: AttemptUID, _ name: String, _ address: String) {
    guard let owner = owners[attempt],
      let entry = owner.entries.first(where: {
        $0.endpoint.name.hasBytes(of: name) && $0.endpoint.address.hasBytes(of: address)
      })
    else { return }
    owners[attempt]?.entries.take(entry, by: { $0.precedes($1) })
    if owners[attempt]?.entries.isEmpty == true { owners[attempt] = nil }
    namespaces[owner.namespace]?.take(entry, by: { $0.precedes($1) })
    if namespaces[owner.namespace]?.isEmpty == true { namespaces[owner.namespace] = nil }
  }

  /// Takes away all of an attempt.
  mutating func remove(_ attempt: AttemptUID) {
    for endpoint in list(of: attempt) { remove(attempt, endpoint.name, endpoint.address) }
  }
}

/// A sorted list, each place of which is held by one element.
extension Array {
  /// How many elements come before all that do not match.
  fileprivate func place(where comesBefore: (Element) -> Bool) -> Int {
    var (lower, upper) = (0, count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if comesBefore(self[middle]) { lower = middle + 1 } else { upper = middle }
    }
    return lower
  }

  /// Puts the element where it belongs, or where its equal was.
  fileprivate mutating func put(_ element: Element, by precedes: (Element, Element) -> Bool) {
    let place = place { precedes($0, element) }
    if place < count, !precedes(element, self[place]) {
      self[place] = element
    } else {
      insert(element, at: place)
    }
  }

  /// Takes away what stands where the element belongs.
  fileprivate mutating func take(_ element: Element, by precedes: (Element, Element) -> Bool) {
    let place = place { precedes($0, element) }
    if place < count, !precedes(element, self[place]) { remove(at: place) }
  }
}

extension State {
  /// The scope of the endpoint names of a job: the job at the top of its tree. Of a job that has
  /// ended it is taken to be the job itself, as it is of a root.
  package func namespace(of job: JobID) -> JobID { jobs[job]?.root ?? job }

  /// An endpoint of an open attempt has come, or come back.
  mutating func add(_ endpoint: Endpoint) {
    guard let task = attempts[endpoint.attempt]?.task else { return }
    endpoints.add(endpoint, of: task, in: namespace(of: task.job))
  }
}
