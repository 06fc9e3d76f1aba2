import FlusterClient
import FlusterCore
import FlusterProtocol

/// Pieces that many pages share.
extension HTML {
  /// A state, by its word; the colour only repeats it.
  static func state(_ word: String) -> HTML { "<span class=\"state \(word)\">\(word)</span>" }

  /// A time where this program runs; programs find it in UTC.
  static func time(_ milliseconds: Int64) -> HTML {
    let time = WallTime(milliseconds: milliseconds)
    return "<time datetime=\"\(Timestamp.utc(time))\">\(Timestamp.local(time))</time>"
  }

  /// For how long something has run that goes on; the script counts on from there.
  static func running(since start: Int64, _ asker: inout Asker) -> HTML {
    let ran = UInt64(max(0, asker.now.milliseconds - start))
    let text = Quantity.text(milliseconds: ran)
    return asker.timePasses ? "<span data-ran=\"\(ran)\">\(text)</span>" : "\(text)"
  }

  /// A job, by its number.
  static func job(_ number: UInt64) -> HTML { "<a href=\"/job/\(number)\">\(number)</a>" }

  /// A job, by its number and its name.
  static func job(_ number: UInt64, _ name: String) -> HTML {
    "<a href=\"/job/\(number)\">\(name)</a>"
  }

  /// A worker, by its id.
  static func worker(_ id: String) -> HTML {
    id.isEmpty ? "–" : "<a href=\"/worker/\(Percent.encoded(id))\">\(id)</a>"
  }

  /// A user and all that is theirs.
  static func user(_ name: String) -> HTML {
    "<a href=\"/jobs?user=\(Percent.encoded(name))\">\(name)</a>"
  }

  /// A text, or a dash where there is none.
  static func text(_ text: String) -> HTML { text.isEmpty ? "–" : "\(text)" }

  /// How much of something is taken; `label` says it in words.
  static func meter(_ used: UInt64, of all: UInt64, _ label: String) -> HTML {
    guard all > 0 else { return "\(label)" }
    return """
      <meter min="0" max="\(all)" value="\(min(used, all))">\(label)</meter> \
      <span class="figure">\(label)</span>
      """
  }

  /// A list of what is known: terms and what there is to say of them; what is empty is left out.
  static func facts(_ facts: [(term: String, value: HTML)]) -> HTML {
    let rows = facts.filter { !$0.value.isEmpty }.map { fact -> HTML in
      "<div><dt>\(fact.term)</dt><dd>\(fact.value)</dd></div>\n"
    }
    return rows.isEmpty ? "" : "<dl class=\"facts\">\n\(rows.joined())</dl>\n"
  }

  /// A part of a page under a heading.
  static func section(_ id: String, _ title: String, _ content: HTML) -> HTML {
    """
    <section id="\(id)" aria-labelledby="\(id)-title">
    <h2 id="\(id)-title">\(title)</h2>
    \(content)</section>

    """
  }

  /// The way to more of a list; nothing where this is all.
  static func more(_ words: String, _ path: String, _ query: Query?) -> HTML {
    guard let query else { return "" }
    return "<p class=\"more\"><a href=\"\(path)\(query.text)\">\(words)</a></p>\n"
  }
}

/// A table that can be wider than the screen.
struct Grid {
  /// A column: its title, and what stands in it: figures, or sentences that want room.
  struct Column {
    let title: String
    let isFigure: Bool
    let isWide: Bool

    init(_ title: String, isFigure: Bool = false, isWide: Bool = false) {
      self.title = title
      self.isFigure = isFigure
      self.isWide = isWide
    }

    fileprivate var mark: HTML {
      isFigure ? " class=\"figure\"" : isWide ? " class=\"wide\"" : ""
    }
  }

  private let label: String
  private let columns: [Column]
  private let empty: HTML
  private var rows = HTML()
  private var count = 0

  /// An empty table; `label` names it to those who do not see it.
  init(_ label: String, empty: HTML, _ columns: [Column]) {
    self.label = label
    self.empty = empty
    self.columns = columns
  }

  /// Adds a row with one cell for each column.
  mutating func add(_ cells: [HTML]) {
    precondition(cells.count == columns.count, "a row has one cell for each column")
    rows += "<tr>"
    for (cell, column) in zip(cells, columns) {
      rows += "<td\(column.mark)>\(cell)</td>"
    }
    rows += "</tr>\n"
    count += 1
  }

  /// The table, or what is said where it would be empty.
  var html: HTML {
    guard count > 0 else { return "<p class=\"none\">\(empty)</p>\n" }
    let heads = columns.map { column -> HTML in
      "<th scope=\"col\"\(column.mark)>\(column.title)</th>"
    }
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="\(label)">
      <table>
      <thead><tr>\(heads.joined())</tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>
      </div>

      """
  }
}

extension WireJobRow {
  /// How long it has run, or ran; empty: it has not started.
  func runTime(_ asker: inout Asker) -> HTML {
    guard hasStartedMs else { return "" }
    guard hasEndedMs else { return .running(since: startedMs, &asker) }
    return "\(Quantity.text(milliseconds: UInt64(max(0, endedMs - startedMs))))"
  }
}
