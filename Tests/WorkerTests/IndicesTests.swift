import FlusterCore
import FlusterProtocol
import FlusterTesting
import Glibc
import Logging
import Testing

@testable import FlusterWorker

@Suite("resources whose pieces have numbers")
struct IndicesTests {
  private func uid(_ number: UInt64) -> AttemptUID { AttemptUID(high: 7, low: number) }

  private func charge(_ name: String, _ count: UInt64) -> WireNeeds {
    var needs = WireNeeds()
    needs.resources = [WireAmount(NamedAmount(name: name, count: count))]
    return needs
  }

  private func make(_ runtime: String, worker: String = "w1") -> Indices {
    Indices(
      runtime: runtime, worker: worker, all: ["gpu": [0, 2, 3]], log: Logger(label: "test"))
  }

  @Test("an attempt gets the lowest that are free, all or none, and they come back with its end")
  func lowest() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    var indices = make(directory.path)
    #expect(try indices.give(charge("gpu", 1), to: uid(1)) == ["gpu": [0]])
    #expect(try indices.give(charge("gpu", 2), to: uid(2)) == ["gpu": [2, 3]])
    #expect(throws: AddressObstacle.self) { try indices.give(charge("gpu", 1), to: uid(3)) }
    indices.take(from: uid(1))
    #expect(throws: AddressObstacle.self) { try indices.give(charge("gpu", 2), to: uid(3)) }
    #expect(try indices.give(charge("gpu", 1), to: uid(3)) == ["gpu": [0]])
    #expect(try indices.give(charge("licence", 9), to: uid(4)) == [:])
  }

  @Test("what was given is held in the next life of the worker, and against other workers")
  func restart() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    var indices = make(directory.path)
    _ = try indices.give(charge("gpu", 2), to: uid(1))
    var other = make(directory.path, worker: "w2")
    #expect(try other.give(charge("gpu", 1), to: uid(2)) == ["gpu": [3]])
    var again = make(directory.path)
    #expect(throws: AddressObstacle.self) { try again.give(charge("gpu", 1), to: uid(3)) }
    let held = uid(1)
    again.keep { $0 == held }
    #expect(throws: AddressObstacle.self) { try again.give(charge("gpu", 1), to: uid(3)) }
    again.keep { _ in false }
    #expect(try again.give(charge("gpu", 2), to: uid(3)) == ["gpu": [0, 2]])
  }

  @Test(
    "an offer is a number or numbers, and of GPUs always numbers",
    arguments: [
      ("gpu", "2", 2, [0, 1]), ("gpu", "0", 0, []), ("gpu", "1-1", 1, [1]),
      ("tape", "0,2-3", 3, [0, 2, 3]), ("tape", "7", 7, nil),
    ] as [(String, String, UInt64, [UInt32]?)])
  func offers(name: String, value: String, count: UInt64, numbers: [UInt32]?) throws {
    let offer = try #require(ResourceOffer(name, value))
    #expect(offer.count == count && offer.indices == numbers)
  }

  @Test(
    "what is neither is refused",
    arguments: ["", "x", "-1", "1-", "3-1", "1,1", "0-2,1", "0,,1", "0-5000", "1.5"])
  func noOffer(value: String) { #expect(ResourceOffer("tape", value) == nil) }

  @Test("GPUs are found where the driver tells of them, with their model if they have one")
  func discovery() throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    #expect(GPUs(in: "\(directory.path)/none").offer == nil)
    for (place, model) in [("0000:01:00.0", "NVIDIA H100 PCIe"), ("0000:02:00.0", "NVIDIA L4")] {
      mkdir("\(directory.path)/\(place)", 0o700)
      try write(
        "Model: \t\t \(model)\nIRQ:   \t\t 35\n", to: "\(directory.path)/\(place)/information")
      let found = GPUs(in: directory.path)
      #expect(found.model == (place.contains(":01:") ? model : nil))
    }
    #expect(GPUs(in: directory.path).offer?.indices == [0, 1])
  }
}
