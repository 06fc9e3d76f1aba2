import FlusterCore
import FlusterProtocol
import FlusterSystem

extension Daemon {
  /// Shutdown: ends a private instance, its workers and shim with it, once nothing runs.
  func shutdown(_ wire: WireShutdown, _ request: Request) {
    guard options.places.instance == .user else {
      return refuse(
        request,
        Refusal(
          .failedPrecondition, "the system instance is not shut down by a command",
          wayOut: "systemctl stop flusterd.socket flusterd.service"))
    }
    guard case .no = ending else {
      return refuse(request, Refusal(.unavailable, "flusterd is about to end already"))
    }
    let open = controller.state.attempts.count
    guard wire.now || open == 0 else {
      return refuse(
        request,
        Refusal(
          .unavailable, "\(open) \(open == 1 ? "task is" : "tasks are") running",
          wayOut: "wait for the end, or kill what runs with `fluster down --now`"))
    }
    // That they were killed could not be kept.
    if open > 0, let refusal = trouble?.refusal { return refuse(request, refusal) }
    ending = .shuttingDown(request.id)
    keep(request, as: .read)
    killOpen(request)
  }

  /// Ends the tasks that have an attempt; what waits goes on waiting for the next start.
  private func killOpen(_ request: Request) {
    let tasks = controller.state.attempts.values.map(\.task).sorted()
    let selections = tasks.compactMap { task -> Selection? in
      guard let array = controller.state.jobs[task.job]?.request.array else { return nil }
      let index = array.index(of: task.position)
      return Selection(job: task.job, indices: index...index)
    }
    guard !selections.isEmpty else { return }
    let nobody = self.request(0, on: request.connection, request.peer)
    step(.kill(selections, reason: "fluster down", from: request.peer.caller, nobody.id))
  }
}
