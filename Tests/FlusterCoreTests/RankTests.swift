import FlusterCore
import Testing

@Suite("Bands and priorities")
struct RankTests {
  @Test("lower bands go first, higher priorities within a band, and the older among equals")
  func order() {
    var world = World()
    let ranks: [(Band, Int32)] = [
      (.batch, 9), (.interactive, 0), (.interactive, 5), (.production, -3), (.interactive, 5),
      (.production, 0),
    ]
    let jobs = ranks.map { rank in
      world.job {
        $0.options.band = rank.0
        $0.options.priority = rank.1
      }
    }
    world.worker(cpus: 6)
    #expect(world.schedule().map(\.task.job) == [5, 3, 2, 4, 1, 0].map { jobs[$0] })
    #expect(world.violations.isEmpty)
  }

  @Test("work of a lower band takes the room that no other fits into")
  func backfill() {
    var world = World()
    world.worker(cpus: 2)
    _ = world.job {
      $0.options.band = .production
      $0.needs = Requirement(cpuMillis: 1000)
    }
    let large = world.job {
      $0.options.band = .production
      $0.needs = Requirement(cpuMillis: 2000)
    }
    let batch = world.job { $0.options.band = .batch }
    #expect(world.schedule().map(\.task.job).contains(batch))
    #expect(world.state(large) == .pending)
  }

  @Test("a gang of the batch band never goes before a single task of production")
  func gangs() {
    var world = World()
    let gang = world.job {
      $0.array = .of(2)
      $0.options.band = .batch
      $0.options.gang = Gang()
    }
    let single = world.job { $0.options.band = .production }
    world.worker(cpus: 2)
    #expect(world.schedule().map(\.task.job) == [single])
    #expect(world.state(gang) == .pending)
    #expect(world.violations.isEmpty)
  }
}
