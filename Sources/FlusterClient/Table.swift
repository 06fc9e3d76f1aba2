import FlusterSystem

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
  package static func shown(_ text: String) -> String { isPlain(text) ? text : replaced(text) }

  /// Nothing in it but what takes one column.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
  }

  private static func replaced(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }

  /// A cell, and the colour it has where colours are wanted.
  package struct Cell: Hashable, Sendable {
    package let text: String
    package let colour: Colour?
    /// How many columns of a terminal it takes.
    let columns: Int

    /// A cell with `text`; what would move the cursor is replaced.
    package init(_ text: String, colour: Colour? = nil) {
      let isPlain = Table.isPlain(text)
      self.text = isPlain ? text : Table.replaced(text)
      self.colour = colour
      columns = isPlain ? text.utf8.count : TextWidth.columns(self.text)
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
  /// As wide as everything that has been shown needed them.
  private var widths: [Int]
  private var hasBegun = false

  /// An empty table.
  package init(_ columns: [Column]) {
    self.columns = columns
    widths = columns.map { _ in 0 }
  }

  /// Adds a row with one cell for each column.
  package mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "a row has one cell for each column")
    rows.append(cells)
  }

  /// The lines of the rows added since the last time, the first time under the column names.
  /// `width` is that of the terminal, nil where nothing is to be cut.
  ///
  /// A long table is shown in parts, before its last rows are known: its columns never get
  /// narrower from part to part.
  package mutating func takeText(
    header: Bool, width: Int? = nil, coloured: Bool = false
  ) -> [UInt8] {
    let titles = header && !hasBegun ? [columns.map { Cell($0.title) }] : []
    hasBegun = true
    let lines = titles + rows
    rows = []
    for row in lines {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.columns) }
    }
    // Bytes: appending to a String looks at every piece anew, for 22 pieces a row.
    var text: [UInt8] = []
    for row in lines {
      append(row, limit: width, coloured: coloured, to: &text)
      text.append(UInt8(ascii: "\n"))
    }
    return text
  }

  private func append(_ row: [Cell], limit: Int?, coloured: Bool, to text: inout [UInt8]) {
    var used = 0
    for (index, cell) in row.enumerated() {
      let isLast = index == row.count - 1
      var content = cell.text
      var count = cell.columns
      if let limit, count > limit - used {
        content = Table.cut(content, to: limit - used)
        count = TextWidth.columns(content)
      }
      let fill = repeatElement(UInt8(ascii: " "), count: max(0, widths[index] - count))
      let isRight = columns[index].alignment == .right
      if isRight { text.append(contentsOf: fill) }
      if let colour = cell.colour, coloured, !content.isEmpty {
        text.append(contentsOf: "\u{1b}[\(colour.rawValue)m\(content)\u{1b}[0m".utf8)
      } else {
        text.append(contentsOf: content.utf8)
      }
      if !isRight { text.append(contentsOf: fill) }
      used += max(widths[index], count) + 2
      if let limit, used >= limit { break }
      if !isLast { text.append(contentsOf: "  ".utf8) }
    }
    while text.last == UInt8(ascii: " ") { text.removeLast() }
  }

  private static func cut(_ text: String, to width: Int) -> String {
    guard width > 0 else { return "" }
    return TextWidth.prefix(of: text, columns: width - 1) + "…"
  }
}
