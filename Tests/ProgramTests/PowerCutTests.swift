import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("when the power fails")
  struct PowerCut {
    /// The machine dies with all that it has not flushed to its disk. What it had said was on the
    /// disk is what was written to a serial line before.
    @Test("every job that was acknowledged is there afterwards, once, and the next has a new id")
    func cut() throws {
      if let obstacle = try VirtualMachine.obstacle() {
        #expect(maySkip(because: obstacle))
        return
      }
      var random = SeededNumbers()
      let directory = try TemporaryDirectory()
      defer { directory.remove() }
      let disk = "\(directory.path)/disk"
      let made = try Program(
        ["mke2fs", "-q", "-t", "ext4", disk, "64M"],
        environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
      ).finish()
      try #require(made.status == 0, "\(made)")
      let first = try VirtualMachine(disk: disk)
      try first.succeed("chmod a+w /dev/ttyS2")
      // Some run, some wait; each name is submitted once.
      for (loop, options) in ["", "--hold", "-a 1-50 --hold"].enumerated() {
        try first.succeed(
          """
          setsid sh -c 'n=0
          while id=$(fluster-submit \(options) -n loop-\(loop)-$n true); do
            echo $id >/dev/ttyS2; n=$((n + 1))
          done' </dev/null >/dev/null 2>&1 &
          """, as: .alice)
      }
      let enough = Int.random(in: 20...40, using: &random)
      try eventually("\(enough) jobs are acknowledged", within: 240) {
        first.serialLines.count >= enough
      }
      poll(nil, 0, Int32.random(in: 0..<500, using: &random))
      let acknowledged = try first.cut().compactMap { Int($0) }
      let second = try VirtualMachine(disk: disk)
      let jobs = try second.succeed("fluster-ls -a -A --no-header -o ID,NAME")
        .split(separator: "\n").map { $0.split(separator: " ") }
      let ids = jobs.compactMap { $0.first.flatMap { Int($0.prefix { $0.isNumber }) } }
      let names = jobs.compactMap(\.last)
      #expect(acknowledged.count >= enough && Set(acknowledged).count == acknowledged.count)
      #expect(Set(acknowledged).subtracting(ids).isEmpty, "seed \(random.seed): \(jobs)")
      #expect(Set(ids).count == ids.count, "seed \(random.seed): \(jobs)")
      #expect(Set(names).count == names.count, "seed \(random.seed): \(jobs)")
      let next = try second.succeed("fluster-submit true", as: .alice)
      #expect(Int(next) ?? 0 > acknowledged.max() ?? 0)
      #expect(try second.run("fluster-wait \(next)", as: .alice).status == 0)
      try second.finish()
    }
  }
}
