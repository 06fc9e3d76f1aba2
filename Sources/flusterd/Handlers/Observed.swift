import FlusterCore
import FlusterProtocol

extension Daemon {
  /// Observed: what a worker saw of the attempts it was given.
  func observed(_ wire: WireObserved, _ request: Request) {
    do throws(Refusal) {
      let observations = try Observation.list(wire: wire.observations)
      if let fitness = try Fitness(wire: wire) {
        step(.report(request.connection.link, ailment: fitness.ailment))
      }
      step(.observe(request.connection.link, observations))
    } catch {
      clients.refuse(request.connection, error, request: request.number)
    }
  }

  /// Goodbye: the worker goes on purpose. Its connection's end, which follows, is what counts.
  func goodbye(_ request: Request) {}
}
