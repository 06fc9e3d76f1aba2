import DequeModule
import FlusterCore

/// How to start the tasks of recently submitted or started jobs, so that a placement right after
/// its submit need not read what was just written.
struct LaunchCache {
  /// Bytes kept at most; what is older is read from the store again.
  static let limit = 4 << 20

  private var payloads: [JobID: Payload] = [:]
  private var order: Deque<JobID> = []
  private var bytes = 0
  /// The newest environment and script: most submits of a burst carry the same, and then share it.
  private var environment: [UInt8] = []
  private var script: [UInt8] = []

  subscript(job: JobID) -> Payload? { payloads[job] }

  mutating func insert(_ payload: Payload, of job: JobID) {
    guard payloads[job] == nil else { return }
    if payload.environment != environment { environment = payload.environment }
    if payload.script != script { script = payload.script }
    payloads[job] = Payload(
      launch: payload.launch, environment: environment, script: script,
      entryBytes: payload.entryBytes)
    order.append(job)
    bytes += Self.size(payload)
    while bytes > Self.limit, order.count > 1, let oldest = order.popFirst() {
      if let gone = payloads.removeValue(forKey: oldest) { bytes -= Self.size(gone) }
    }
  }

  mutating func removeAll() { self = LaunchCache() }

  private static func size(_ payload: Payload) -> Int {
    payload.launch.count + payload.environment.count + payload.script.count + 128
  }
}
