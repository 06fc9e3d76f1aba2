package import FlusterClient
package import FlusterCore
package import FlusterProtocol

extension Session {
  /// All rows of a listing; an error if they have not come by `deadline`.
  package mutating func listing(
    _ list: WireList, until deadline: Instant? = nil
  ) throws(Failure) -> WireListing {
    var all = WireListing()
    try eachPage(of: list, rows: .max, until: deadline) { page in all.append(page) }
    return all
  }

  /// Gives the rows of a listing in the order of their ids, as soon as there are `rows` of them or
  /// no more come for a moment; an error if the last has not come by `deadline`.
  ///
  /// When flusterd goes away meanwhile it is asked again, and what has been given is passed over.
  package mutating func eachPage(
    of list: WireList, rows: Int, until deadline: Instant? = nil,
    _ give: (WireListing) throws(Failure) -> Void
  ) throws(Failure) {
    let moment = Span(milliseconds: 300)
    var last: (job: UInt64, index: UInt32)?
    try persist(until: deadline) { (connection, _) throws(CallError) in
      let number = try connection.ask(.list(list))
      var page = WireListing()
      var isOver = false
      while !isOver {
        let pause = page.rowCount > 0 ? Pause.now + moment : nil
        let limit = [pause, deadline].compactMap(\.self).min()
        switch try connection.answer(to: number, until: limit, promptly: true) {
        case .body(.listing(let more)):
          page.append(more, after: last)
          if page.rowCount < rows { continue }
        case .body(.done): isOver = true
        case .timedOut:
          if let deadline, Pause.now >= deadline { throw connection.silent() }
        case .body: throw connection.unexpected()
        }
        guard page.rowCount > 0 else { continue }
        do throws(Failure) {
          try give(page)
        } catch {
          throw .failed(error)
        }
        last = page.lastRow ?? last
        page = WireListing()
      }
    }
  }
}

extension WireListing {
  var rowCount: Int { jobs.count + tasks.count }

  fileprivate var lastRow: (job: UInt64, index: UInt32)? {
    tasks.last.map { ($0.job, $0.index) } ?? jobs.last.map { ($0.job, .max) }
  }

  /// Adds the rows of `page` that stand behind a place.
  fileprivate mutating func append(
    _ page: WireListing, after place: (job: UInt64, index: UInt32)? = nil
  ) {
    guard let place else {
      jobs += page.jobs
      tasks += page.tasks
      return
    }
    jobs += page.jobs.filter { $0.job > place.job }
    tasks += page.tasks.filter { ($0.job, $0.index) > place }
  }
}
