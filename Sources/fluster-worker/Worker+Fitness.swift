import FlusterProtocol
import FlusterSystem
import FlusterSystemd
import Logging

/// Whether there is disk enough for new work. Looked at when something comes or runs, and while
/// there is too little of it; a worker at rest does not wake up for it.
extension Worker {
  /// Between two looks while there is too little.
  private static let pause: Int64 = 5_000_000_000

  /// Looks, and tells flusterd what has changed.
  func checkDisk() {
    let disk = DiskReserve(at: places.log)
    logs.isScarce = disk?.isTouched ?? false
    let isShort = disk?.isShort(already: ailment != nil) ?? false
    if isShort != (ailment != nil) {
      ailment = isShort ? "of the disk at \(places.log) \(disk?.text ?? "")" : nil
      log.warning("\(ailment.map { "wants no new work: \($0)" } ?? "takes work again")")
      tellFitness()
    }
    if ailment != nil { diskTimer?.set(at: Clock.monotonicNanoseconds() + Self.pause) }
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
