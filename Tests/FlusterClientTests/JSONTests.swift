import FlusterClient
import FlusterCore
import Testing

@Suite("JSON output")
struct JSONTests {
  private func text(_ value: JSON) -> String {
    var object = JSONObject()
    object.set("v", value)
    return String(decoding: object.lineBytes, as: UTF8.self)
  }

  @Test(
    "values are written exactly",
    arguments: [
      (JSON.string("a\"b\\c"), #""a\"b\\c""#),
      (.string("tab\tnew\nreturn\r"), #""tab\tnew\nreturn\r""#),
      (.string("\u{1}\u{1f}\u{7f}"), #""\u0001\u001f\u007f""#), (.string("ü €"), "\"ü €\""),
      (.unsigned(.max), "18446744073709551615"), (.integer(-20), "-20"), (.bool(true), "true"),
      (.thousandths(1500), "1.5"), (.thousandths(5000), "5"), (.thousandths(1), "0.001"),
      (.thousandths(120), "0.12"), (.array([.unsigned(1), .string("x")]), #"[1,"x"]"#),
      (.array([]), "[]"), (.object(JSONObject()), "{}"),
      (.text([0x61, 0xff]), "\"a\u{fffd}\""),
      (.time(WallTime(milliseconds: 1_795_361_291_042)), #""2026-11-22T15:28:11.042Z""#),
      (.time(WallTime(milliseconds: -1)), #""1969-12-31T23:59:59.999Z""#),
    ] as [(JSON, String)])
  func values(value: JSON, expected: String) {
    #expect(text(value) == "{\"v\":\(expected)}\n")
  }

  @Test("a line begins with the schema, and what is unknown is absent")
  func line() {
    var object = JSONObject.line
    object.set("known", .unsigned(0))
    object.set("unknown", nil)
    #expect(String(decoding: object.lineBytes, as: UTF8.self) == "{\"schema\":1,\"known\":0}\n")
  }
}

@Suite("Tables")
struct TableTests {
  private func table() -> Table {
    var table = Table([.init("ID", .right), .init("NAME"), .init("REASON")])
    table.add([.init("7"), .init("short"), .init("none")])
    table.add([.init("1234"), .init("a long name", colour: .red), .init("because it is so")])
    return table
  }

  @Test("columns are as wide as their widest cell, and nothing trails")
  func aligned() {
    #expect(
      table().text(header: true) == """
          ID  NAME         REASON
           7  short        none
        1234  a long name  because it is so

        """)
  }

  @Test("without the header the columns are as wide as their cells alone")
  func headless() {
    var table = Table([.init("COLUMN"), .init("X")])
    table.add([.init("a"), .init("b")])
    #expect(table.text(header: false) == "a  b\n")
  }

  @Test("only a terminal's width cuts, and what is cut says so", arguments: [8, 20, 25, 30])
  func cut(width: Int) {
    let lines = table().text(header: true, width: width).split(separator: "\n")
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= width })
    #expect(lines.last?.hasSuffix("…") == true)
  }

  @Test("colour surrounds the text and not its padding")
  func coloured() {
    let text = table().text(header: false, coloured: true)
    #expect(text.contains("\u{1b}[31ma long name\u{1b}[0m  because"))
  }

  @Test("control characters do not reach the terminal")
  func control() {
    #expect(Table.Cell("a\u{1b}[2Jb\n").text == "a?[2Jb?")
  }
}
