/// Rows under column names: aligned, and cut only where a terminal would fold them.
package struct Table: Sendable {
  /// On which side a column's cells stand.
  package enum Alignment: Sendable {
    case left, right
  }

  /// A column.
  package struct Column: Sendable {
    package let title: String
    package let alignment: Alignment

    /// A column called `title`.
    package init(_ title: String, _ alignment: Alignment = .left) {
      self.title = title
      self.alignment = alignment
    }
  }

  /// The text on one line, with `?` in place of what would move the cursor or speak to the
  /// terminal: much of it was chosen by other users.
  package static func shown(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }

  /// A cell, and the colour it has where colours are wanted.
  package struct Cell: Hashable, Sendable {
    package let text: String
    package let colour: Colour?

    /// A cell with `text`; what would move the cursor is replaced.
    package init(_ text: String, colour: Colour? = nil) {
      self.text = Table.shown(text)
      self.colour = colour
    }
  }

  /// The colours of states.
  package enum Colour: Int, Sendable {
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34
  }

  private let columns: [Column]
  private var rows: [[Cell]] = []

  /// An empty table.
  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row with one cell for each column.
  package mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "a row has one cell for each column")
    rows.append(cells)
  }

  /// The lines. `width` is that of the terminal, nil where nothing is to be cut.
  package func text(header: Bool, width: Int? = nil, coloured: Bool = false) -> String {
    let titles = columns.map { Cell($0.title) }
    let all = header ? [titles] + rows : rows
    let widths = columns.indices.map { column in
      all.map { $0[column].text.unicodeScalars.count }.max() ?? 0
    }
    var text = ""
    for row in all {
      text += line(row, widths, limit: width, coloured: coloured)
      text += "\n"
    }
    return text
  }

  private func line(_ row: [Cell], _ widths: [Int], limit: Int?, coloured: Bool) -> String {
    var text = ""
    var used = 0
    for (index, cell) in row.enumerated() {
      let isLast = index == row.count - 1
      var content = cell.text
      if let limit {
        let room = max(0, limit - used)
        if content.unicodeScalars.count > room { content = Table.cut(content, to: room) }
      }
      let count = content.unicodeScalars.count
      let fill = String(repeating: " ", count: max(0, widths[index] - count))
      if let colour = cell.colour, coloured, !content.isEmpty {
        content = "\u{1b}[\(colour.rawValue)m\(content)\u{1b}[0m"
      }
      switch columns[index].alignment {
      case .right: text += fill + content
      case .left: text += isLast ? content : content + fill
      }
      used += max(widths[index], count) + 2
      if let limit, used >= limit { break }
      if !isLast { text += "  " }
    }
    while text.last == " " { text.removeLast() }
    return text
  }

  private static func cut(_ text: String, to width: Int) -> String {
    guard width > 0 else { return "" }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(width - 1))) + "…"
  }
}
