import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("a store that was replaced")
  struct ReplacedStore {
    /// A job that runs until it is told to go, while everything but the shim dies and comes back
    /// with a store that has never heard of it.
    private static func replaceStore(of instance: Instance) throws -> (job: String, pid: Int32) {
      let script = "echo $$ >started; until test -e go; do sleep 0.05; done; exit 42"
      let job = try instance.submit("--", "sh", "-c", script)
      try instance.waitUntil(job, is: "running")
      // It runs from its exec on; what it writes comes later.
      let file = "\(instance.files)/started"
      try eventually("the job has written its pid") {
        try access(file, F_OK) == 0 && text(at: file).hasSuffix("\n")
      }
      let pid = try #require(Int32(text(at: file).trimmed))
      try instance.end(.controller, by: SIGKILL)
      try instance.end(.worker, by: SIGKILL)
      try exchange(instance)
      try instance.start(.controller)
      try instance.start(.worker)
      try eventually("the worker says that it takes no work") {
        instance.said(by: .worker).contains { $0.contains("this worker takes no work") }
      }
      return (job, pid)
    }

    /// Puts one store away and the other in its place; the logs stay where they are.
    private static func exchange(_ instance: Instance) throws {
      let (here, away) = (instance.stateDirectory, "\(instance.directory)/away")
      mkdir(away, 0o700)
      for name in ["fluster.db", "fluster.db-wal", "fluster.db-shm"] {
        rename("\(here)/\(name)", "\(here)/\(name).old")
        rename("\(away)/\(name)", "\(here)/\(name)")
        rename("\(here)/\(name).old", "\(away)/\(name)")
      }
    }

    @Test("its worker ends nothing and takes no work until the old store is back, then goes on")
    func back() throws {
      try Instance.with { instance in
        let (job, pid) = try Self.replaceStore(of: instance)
        let other = try instance.submit("--", "true")
        let said = instance.said(by: .worker).joined(separator: "\n")
        #expect(said.contains("it holds 1 attempts of store"), "\(said)")
        #expect(said.contains("EndStore="), "\(said)")
        #expect(try instance.column("REASON", of: other).contains("no worker"))
        #expect(Processes.isAlive(pid))
        try instance.end(.controller, by: SIGKILL)
        try Self.exchange(instance)
        try instance.start(.controller)
        try instance.waitUntil(job, is: "running")
        #expect(try instance.wait(instance.submit("--", "true")) == 0)
        try write("", to: "\(instance.files)/go")
        #expect(try instance.wait(job) == 42)
      }
    }

    @Test("EndStore= ends what is held of the store that is gone, and the worker takes work again")
    func given() throws {
      try Instance.with { instance in
        let (_, pid) = try Self.replaceStore(of: instance)
        let lines = instance.said(by: .worker).flatMap { $0.split(separator: " ") }
        let setting = try #require(lines.first { $0.hasPrefix("EndStore=") })
        try write(
          "[Worker]\n\(setting)\n", to: "\(instance.directory)/config/fluster/fluster.conf")
        kill(try instance.pid(of: .worker), SIGHUP)
        #expect(try instance.wait(instance.submit("--", "true")) == 0)
        #expect(!Processes.isAlive(pid))
      }
    }
  }
}
