import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// `/queue`: what waits, in the order in which it will be served, and for what.
struct QueuePage: ShownPage {
  func make(_ asker: inout Asker, _ request: Request) throws(Failure) -> Page {
    var list = asker.list()
    list.states = [.pending]
    let jobs = Array(try asker.session.listing(list).jobs.prefix(JobList.most))
    var grid = Grid(
      "The queue", empty: "Nothing waits.",
      [
        Grid.Column("Job", isFigure: true), Grid.Column("Name"), Grid.Column("User"),
        Grid.Column("Band"), Grid.Column("Tasks", isFigure: true), Grid.Column("Needs each"),
        Grid.Column("Reason", isWide: true), Grid.Column("Submitted"),
      ])
    for job in jobs {
      let waiting = job.counts.first { $0.state == .pending }?.count ?? 1
      grid.add([
        .job(job.job), .job(job.job, job.name), .user(asker.name(of: job.uid)),
        "\(((try? Band(wire: job.options.band)) ?? .interactive).word)", "\(waiting)",
        "\(job.needsText)", "\(job.explanation)", .time(job.submittedMs),
      ])
    }
    return Page(
      "Queue", "<h1>Queue</h1>\n<p>In the order in which it will be served.</p>\n\(grid.html)")
  }
}
