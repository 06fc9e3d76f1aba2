import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// Jobs, a row each.
enum JobList {
  /// How many a page shows.
  static let most = 50

  static func html(
    _ jobs: [WireJobRow], _ label: String, empty: HTML, _ asker: inout Asker
  ) -> HTML {
    var grid = Grid(
      label, empty: empty,
      [
        Grid.Column("Job", isFigure: true), Grid.Column("Name"), Grid.Column("User"),
        Grid.Column("State"), Grid.Column("Tasks", isFigure: true),
        Grid.Column("Time", isFigure: true), Grid.Column("Reason", isWide: true),
        Grid.Column("Submitted"),
      ])
    for job in jobs {
      grid.add([
        .job(job.job), .job(job.job, job.name), .user(asker.name(of: job.uid)),
        .state(job.state.word), "\(job.progressText)", job.runTime(&asker),
        "\(job.explanation)", .time(job.submittedMs),
      ])
    }
    return grid.html
  }
}
