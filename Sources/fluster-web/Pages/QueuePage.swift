import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/queue`: what waits, in the order in which it will be served, and for what.
struct QueuePage: ShownPage {
  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    var list = asker.list()
    list.queue = true
    list.newest = UInt32(JobList.most + 1)
    if let word = request.query["skip"] {
      list.skip = try QuantityArgument.count("skip", word, in: 1...1_000_000_000)
    }
    let jobs = try asker.session.listing(list).jobs
    var grid = Grid(
      "The queue", empty: "Nothing waits.",
      [
        Grid.Column("Place", isFigure: true), Grid.Column("Job", isFigure: true),
        Grid.Column("Name"), Grid.Column("User"),
        Grid.Column("Band"), Grid.Column("Tasks", isFigure: true), Grid.Column("Needs each"),
        Grid.Column("Reason", isWide: true), Grid.Column("Submitted"),
      ])
    for (place, job) in jobs.prefix(JobList.most).enumerated() {
      let waiting = job.counts.first { $0.state == .pending }?.count ?? 1
      grid.add([
        "\(Int(list.skip) + place + 1)", .job(job.job), .job(job.job, job.name),
        .user(asker.name(of: job.uid)),
        "\(((try? Band(wire: job.options.band)) ?? .interactive).word)", "\(waiting)",
        "\(job.needsText)", "\(job.explanation)", .time(job.submittedMs),
      ])
    }
    let next = list.skip + UInt32(JobList.most)
    let more = jobs.count > JobList.most ? request.query.with("skip", "\(next)") : nil
    let range = PastRange(request.query)
    let picture = WaitChart.html(try asker.history(range.past(asker.now)).waits)
    let none: HTML = "<p class=\"none\">No job has started.</p>\n"
    let waits = range.links(request.query, to: "waits") + (picture.isEmpty ? none : picture)
    return Page(
      "Queue",
      """
      <h1>Queue</h1>
      <p>In the order in which it will be served.</p>
      \(grid.html)\(HTML.more("Behind these", "/queue", more))\
      \(HTML.section("waits", "How long jobs waited before they started", waits))
      """)
  }
}
