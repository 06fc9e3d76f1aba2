import FlusterCore
import FlusterProtocol

/// Who this process is, for as long as it lives.
struct Identity {
  /// 16 random bytes.
  let incarnation: [UInt8]
  let boot: String
  let pid: Int32

  /// What it says of itself to flusterd.
  func registration(_ settings: Settings, lacks: [String], store: StoreID?) -> WireRegister {
    var wire = WireRegister()
    wire.id = settings.id
    wire.incarnation = .of(incarnation)
    wire.boot = boot
    wire.capacity = WireNeeds(settings.capacity)
    wire.attributes = settings.attributes
    wire.address = settings.address
    wire.lacks = lacks
    if let lease = settings.lease { wire.leaseMs = lease.milliseconds }
    wire.software = FlusterVersion.software
    if let store { wire.store = .of(store.bytes) }
    wire.pid = UInt32(pid)
    return wire
  }
}
