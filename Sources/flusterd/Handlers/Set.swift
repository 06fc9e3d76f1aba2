import FlusterCore
import FlusterProtocol

extension Daemon {
  /// Set: holds or releases what has not started, or changes what was asked for.
  func set(_ wire: WireSet, _ request: Request) {
    do throws(Refusal) {
      let order = try ChangeOrder(wire: wire)
      let (found, missing) = try selections(order.selectors, for: request.peer)
      if let pattern = missing.first {
        throw Refusal(.notFound, "no unfinished job of yours is named \"\(pattern)\"")
      }
      switch order.verb {
      case .hold:
        keep(request, as: .change(verb: "held"))
        step(.hold(found, from: request.peer.caller, request.id))
      case .release:
        keep(request, as: .change(verb: "released"))
        step(.release(found, from: request.peer.caller, request.id))
      case .freeze:
        keep(request, as: .change(verb: "frozen"))
        step(.freeze(found, true, from: request.peer.caller, request.id))
      case .thaw:
        keep(request, as: .change(verb: "thawed"))
        step(.freeze(found, false, from: request.peer.caller, request.id))
      case .change(let change):
        keep(request, as: .change(verb: "changed"))
        step(.change(found, change, from: request.peer.caller, request.id))
      }
    } catch {
      refuse(request, error)
    }
  }
}
