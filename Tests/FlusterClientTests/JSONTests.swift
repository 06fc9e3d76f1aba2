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
