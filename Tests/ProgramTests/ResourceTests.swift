import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("GPUs and other pieces with numbers")
  struct Resources {
    /// Scenarios 31, 32.
    @Test("each task has GPUs of its own, whatever is killed, and one without sees none")
    func own() throws {
      try Instance.with(
        worker: ["--cpus", "8", "--mem", "1G", "-r", "gpu=0,2-3", "--attribute", "gpu-model=H100"]
      ) { instance in
        let script = "echo $CUDA_VISIBLE_DEVICES > $FLUSTER_JOB_ID; exec sleep 1000"
        func start(_ options: String...) throws -> (id: String, gpus: String) {
          let submit = ["fluster-submit"] + options + ["-c", script]
          let id = try instance.launch(submit).finish().output.trimmed
          try instance.waitUntil(id, is: "running")
          let path = "\(instance.files)/\(id)"
          try eventually("\(id) has said what it sees") {
            (try? text(at: path))?.isEmpty == false
          }
          return (id, try text(at: path).trimmed)
        }
        let two = try start("--gpus", "2", "--constraint", "gpu-model in H100,A100")
        #expect(two.gpus == "0,2")
        let none = try start()
        #expect(none.gpus == "")
        try instance.end(.worker, by: SIGKILL)
        try instance.start(.worker)
        let one = try start("--gpus", "1")
        #expect(one.gpus == "3")
        let waiting = try instance.submit("--gpus", "1", "-c", script)
        try eventually("it waits for a GPU") {
          try instance.column("REASON", of: waiting).contains("gpu")
        }
        let never = try instance.run("fluster-submit", "--gpus", "4", "true")
        #expect(never.status == 65 && never.errors.contains("gpu"), "\(never)")
        try instance.run("fluster-kill", two.id)
        try instance.waitUntil(waiting, is: "running")
        try eventually("it has said what it sees") {
          (try? text(at: "\(instance.files)/\(waiting)")) == "0\n"
        }
        try instance.run("sh", "-c", "fluster-ls -q | fluster-kill -")
      }
    }
  }
}
