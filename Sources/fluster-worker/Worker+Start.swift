import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc
import Logging

/// Handing attempts to the shim.
extension Worker {
  func spawn(_ uid: AttemptUID) {
    guard let run = facts[uid]?.run else {
      log.error("attempt \(uid) has nothing to start it with")
      return step(.shim(.notStarted(uid, .request, errno: EINVAL)))
    }
    if SpawnOrder.needsOwnerName(run), owners.name(of: run.owner) == nil {
      // It comes back when the name is known, or known not to be.
      facts[uid]?.awaitsName = true
      return owners.look(up: run.owner)
    }
    facts[uid]?.run = nil
    facts[uid]?.awaitsName = false
    var order = SpawnOrder(
      run: run, worker: settings.id, socket: places.control,
      ownerName: owners.name(of: run.owner) ?? "")
    order.cpuLimit = settings.cpuLimit
    order.processLimit = settings.processLimit
    do throws(AddressObstacle) {
      order.addresses = try addresses.give(run.launch, owner: run.owner, to: uid)
    } catch {
      facts[uid]?.obstacle = error.text
      return step(.shim(.notStarted(uid, .address, errno: error.errno)))
    }
    do throws(AddressObstacle) {
      order.indices = try indices.give(run.charge, to: uid)
      order.hasGPUs = !indices.all[GPUs.resource, default: []].isEmpty
    } catch {
      addresses.take(from: uid)
      facts[uid]?.obstacle = error.text
      return step(.shim(.notStarted(uid, .resource, errno: error.errno)))
    }
    do throws(StartObstacle) {
      var spawn = try order.spawn(uid.bytes)
      if let store = agent.store(of: uid) { spawn.tag = store.bytes }
      shim?.send(.spawn(spawn))
    } catch {
      addresses.take(from: uid)
      indices.take(from: uid)
      step(.shim(.notStarted(uid, error.reason, errno: error.errno)))
    }
  }

  /// Ends what the shim holds of the attempt; it holds nothing yet if the owner's name is still
  /// being looked up, and then never will.
  func kill(_ uid: AttemptUID) {
    guard facts[uid]?.awaitsName == true else {
      shim?.send(.kill(uid: uid.bytes))
      return
    }
    facts[uid]?.run = nil
    facts[uid]?.awaitsName = false
    step(.shim(.notStarted(uid, .process, errno: ECANCELED), of: agent.store(of: uid)))
  }

  /// The observation, with what a start that failed was about: the agent does not know it.
  func described(_ observation: Observation) -> Observation {
    guard case .finished(var outcome) = observation.kind, outcome.text.isEmpty,
      let reason = outcome.startReason, let facts = facts[observation.uid],
      let text = facts.obstacle
        ?? facts.subjects.subject(of: reason).map({ String(decoding: $0, as: UTF8.self) })
    else { return observation }
    outcome.text = text
    return Observation(uid: observation.uid, kind: .finished(outcome), at: observation.at)
  }

  /// A name that attempts waited for is known: those that are still wanted go on.
  func spawnWaiting(for owner: UInt32) {
    let waiting = facts.filter { uid, facts in
      facts.awaitsName && facts.run?.owner == owner && agent.isActive(uid)
    }
    for uid in waiting.keys.sorted() where shim != nil { spawn(uid) }
  }
}
