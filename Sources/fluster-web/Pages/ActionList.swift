import FlusterClient
import FlusterCommands
import FlusterCore
import FlusterProtocol

/// Events as people read them, the newest first.
enum ActionList {
  static func html(
    _ events: [WireEvent], _ label: String, names showsNames: Bool = true
  ) -> HTML {
    var printer = EventPrinter(.words)
    var grid = Grid(
      label, empty: "Nothing has happened yet.",
      [
        Grid.Column("Time"), Grid.Column("What"), Grid.Column("Happened"), Grid.Column("State"),
        Grid.Column("More", isWide: true),
      ])
    for event in events.reversed() {
      let name: HTML = showsNames && !event.name.isEmpty ? " \(event.name)" : ""
      let subject: HTML =
        event.job == 0
        ? .worker(event.worker) : "<a href=\"/job/\(event.job)\">\(event.subject)</a>\(name)"
      grid.add([
        .time(event.atMs), subject, "\(words(event.kind))",
        event.state == .unspecified ? "" : .state(event.state.word), "\(printer.details(event))",
      ])
    }
    return grid.html
  }

  /// `task_started` as words.
  private static func words(_ kind: String) -> String { kind.replacing("_", with: " ") }
}
