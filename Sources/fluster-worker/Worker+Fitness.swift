import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Logging

/// What keeps a worker from new work; nil: it does not.
struct Ailments: Equatable {
  var disk: String?
  var memory: String?

  /// All of them in one sentence.
  var text: String? {
    let texts = [disk, memory].compactMap(\.self)
    return texts.isEmpty ? nil : texts.joined(separator: ", and ")
  }
}

/// Whether there is disk and memory enough for new work. Looked at when something comes or runs,
/// and while there is too little; a worker at rest does not wake up for it.
extension Worker {
  /// Between two looks while there is too little.
  private static let pause: Int64 = 5_000_000_000

  /// Why no new work is wanted; nil: all is well.
  var ailment: String? { ailments.text }

  /// Looks, and tells flusterd what has changed.
  func checkFitness() {
    var found = ailments
    let disk = DiskReserve(at: places.log)
    logs.isScarce = disk?.isTouched ?? false
    let isShort = disk?.isShort(already: ailments.disk != nil) ?? false
    if isShort != (ailments.disk != nil) {
      found.disk = isShort ? "of the disk at \(places.log) \(disk?.text ?? "")" : nil
    }
    found.memory = memoryAilment
    if found != ailments {
      ailments = found
      log.warning("\(ailment.map { "wants no new work: \($0)" } ?? "takes work again")")
      tellFitness()
    }
    if ailment != nil { fitnessTimer?.set(at: Clock.monotonicNanoseconds() + Self.pause) }
  }

  /// What was said stays, with its numbers, until it is over.
  private var memoryAilment: String? {
    guard let limit = settings.memoryPressure else { return nil }
    guard let pressure = MemoryPressure(now: pressure) else { return ailments.memory }
    guard pressure.isHigh(limit: limit, already: ailments.memory != nil) else { return nil }
    return ailments.memory ?? "\(pressure.text), and \(limit) % is the limit"
  }

  /// Says how it is; a registration by itself means that it is well.
  func tellFitness() {
    guard isRegistered else { return }
    var observed = WireObserved()
    observed.ailment = ailment ?? ""
    controller?.send(WireEnvelope(request: 0, .observed(observed)))
    controller?.flush()
  }
}
