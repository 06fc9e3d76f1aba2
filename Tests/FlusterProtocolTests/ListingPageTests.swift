import FlusterCore
import FlusterProtocol
import Testing

@Suite("Pages of listings")
struct ListingPageTests {
  private func rows(_ page: ListingPage) throws -> WireListing? {
    var decoder = FrameDecoder()
    decoder.append(try page.frame(request: 7))
    let envelope = try #require(try decoder.nextEnvelope())
    #expect(envelope.request == 7)
    guard case .listing(let listing)? = envelope.body else { return nil }
    return listing
  }

  /// Common jobs, each with something else that a row tells.
  private var plain: [Job] {
    var requests: [JobRequest] = []
    func add(_ change: (inout JobRequest) -> Void) {
      var request = JobRequest(name: "name-\(requests.count)", owner: UserID(1000))
      change(&request)
      requests.append(request)
    }
    add { _ in }
    add { $0.owner = UserID(0) }
    add { $0.name = String(repeating: "é", count: 100) }
    add { $0.needs = Requirement(cpuMillis: 1, memoryBytes: 0) }
    add { $0.needs = Requirement(cpuMillis: .max, memoryBytes: .max) }
    add {
      $0.array = TaskArray(
        first: 3, step: 2, count: 1_000_000, throttle: 4, isExplicit: true)
    }
    add { $0.held = true }
    add { $0.timeLimit = .seconds(3600) }
    add { $0.grace = Span(milliseconds: 0) }
    add { $0.retries = 5 }
    add { $0.retriesLost = 0 }
    add { $0.endChildren = true }
    return requests.enumerated().map { place, request in
      var job = Job(
        id: JobID(UInt64(place) * 1_000_003 + 1), request: request,
        submitted: WallTime(milliseconds: 1_700_000_000_000 + Int64(place)))
      if place == 5 {
        job.progress.started = WallTime(milliseconds: -5)
        job.progress.state = .running
        job.progress.counts.pending -= 10
        job.progress.counts.succeeded = 9
        job.progress.counts.failed = 1
      }
      return job
    }
  }

  @Test("a plain job's row says the same whichever way it was written")
  func sameRow() throws {
    for job in plain {
      for text in [nil, "short", String(repeating: "a long reason ", count: 40)] {
        let reason = text.map { PendingReason(.queued, $0) }
        var page = ListingPage()
        let isWritten = page.append(plain: job, because: reason)
        #expect(isWritten)
        var row = WireJobRow(job)
        if let reason { row.reason = WireReason(reason) }
        #expect(try rows(page)?.jobs == [row])
      }
    }
  }

  @Test("a job with anything uncommon is not written as a plain one")
  func uncommon() {
    var request = JobRequest(name: "uncommon", owner: UserID(1000))
    request.options.priority = 1
    var others = [request, request, request, request]
    for place in 1..<others.count { others[place].options = JobOptions() }
    others[1].backoff = Backoff(first: .seconds(2), most: .seconds(60))
    others[2].needs = Requirement(
      cpuMillis: 1000, named: [NamedAmount(name: "gpu", count: 1)])
    var page = ListingPage()
    for (place, request) in others.enumerated() {
      var job = Job(
        id: JobID(UInt64(place) + 1), request: request, submitted: WallTime(milliseconds: 0))
      if place == 3 { job.progress.killed = KillRequest(by: UserID(0), reason: "away") }
      let isWritten = page.append(plain: job, because: nil)
      #expect(!isWritten)
    }
    #expect(page.count == 0)
  }

  @Test("rows of all kinds stand in one page in their order")
  func mixed() throws {
    var page = ListingPage()
    var task = WireTaskRow()
    task.job = 9
    task.name = "task"
    page.append(task)
    for job in plain { page.append(WireJobRow(job)) }
    #expect(page.count == plain.count + 1)
    let listing = try #require(try rows(page))
    #expect(listing.jobs == plain.map { WireJobRow($0) })
    #expect(listing.tasks == [task])
  }
}
