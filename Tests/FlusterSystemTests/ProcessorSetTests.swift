import FlusterSystem
import Testing

@Suite("sets of processors")
struct ProcessorSetTests {
  @Test(
    "a list of the kernel comes out as it went in",
    arguments: ["", "0", "0-3", "0,2", "0-1,3,8-10"])
  func list(_ list: String) throws {
    #expect(try #require(ProcessorSet(list: "\(list)\n")).list == list)
  }

  @Test("what is no list is none", arguments: ["x", "1-", "3-1", "-1", "0-9999", "1-2-3"])
  func malformed(_ list: String) { #expect(ProcessorSet(list: list) == nil) }

  @Test("so many of those that nobody has, the lowest first; or none, if there are not so many")
  func taking() throws {
    let all = try #require(ProcessorSet(list: "0-3"))
    #expect(all.without([1]).first(2)?.list == "0,2")
    #expect(all.without([1]).first(4) == nil)
    #expect(all.first(0)?.numbers == [])
  }
}
