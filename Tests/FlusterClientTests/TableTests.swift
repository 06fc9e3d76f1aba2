import FlusterClient
import Testing

@Suite("Tables")
struct TableTests {
  private func rows(_ rows: [[String]]) -> Table {
    var table = Table([Table.Column("NAME"), Table.Column("TIME", .right), Table.Column("REASON")])
    for row in rows { table.add(row.map { Table.Cell($0) }) }
    return table
  }

  @Test("columns stand under each other whatever is written in them")
  func wide() {
    var table = rows([
      ["plain", "1s", "x"], ["日本語", "10s", "y"], ["e\u{301}te\u{301}", "5s", "z"],
    ])
    #expect(
      table.shown(header: true) == """
        NAME    TIME  REASON
        plain     1s  x
        日本語   10s  y
        e\u{301}te\u{301}       5s  z

        """)
  }

  @Test("what does not fit on a terminal is cut, no wide letter in half")
  func cutWide() {
    var table = rows([["a", "1s", "日本語日本語"]])
    #expect(table.shown(header: false, width: 14) == "a  1s  日本語…\n")
    var other = rows([["a", "1s", "日本語日本語"]])
    #expect(other.shown(header: false, width: 13) == "a  1s  日本…\n")
  }

  @Test("a table shown in parts has one header, and columns that never get narrower")
  func parts() {
    var table = rows([["a long name", "1s", "x"]])
    #expect(table.shown(header: true) == "NAME         TIME  REASON\na long name    1s  x\n")
    table.add(["b", "2s", "y"].map { Table.Cell($0) })
    #expect(table.shown(header: true) == "b              2s  y\n")
    #expect(table.shown(header: true).isEmpty)
  }

  private func table() -> Table {
    var table = Table([.init("ID", .right), .init("NAME"), .init("REASON")])
    table.add([.init("7"), .init("short"), .init("none")])
    table.add([.init("1234"), .init("a long name", colour: .red), .init("because it is so")])
    return table
  }

  @Test("columns are as wide as their widest cell, and nothing trails")
  func aligned() {
    var table = table()
    #expect(
      table.shown(header: true) == """
          ID  NAME         REASON
           7  short        none
        1234  a long name  because it is so

        """)
  }

  @Test("without the header the columns are as wide as their cells alone")
  func headless() {
    var table = Table([.init("COLUMN"), .init("X")])
    table.add([.init("a"), .init("b")])
    #expect(table.shown(header: false) == "a  b\n")
  }

  @Test("only a terminal's width cuts, and what is cut says so", arguments: [8, 20, 25, 30])
  func cut(width: Int) {
    var table = table()
    let lines = table.shown(header: true, width: width).split(separator: "\n")
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= width })
    #expect(lines.last?.hasSuffix("…") == true)
  }

  @Test("colour surrounds the text and not its padding")
  func coloured() {
    var table = table()
    let text = table.shown(header: false, coloured: true)
    #expect(text.contains("\u{1b}[31ma long name\u{1b}[0m  because"))
  }

  @Test("control characters do not reach the terminal")
  func control() {
    #expect(Table.Cell("a\u{1b}[2Jb\n").text == "a?[2Jb?")
  }
}

extension Table {
  fileprivate mutating func shown(header: Bool, width: Int? = nil, coloured: Bool = false) -> String
  {
    String(decoding: takeText(header: header, width: width, coloured: coloured), as: UTF8.self)
  }
}
