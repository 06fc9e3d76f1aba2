import CFluster
import Glibc

/// The environment of this process. To be read only while no thread changes it.
package enum Environment {
  /// The value of a variable; nil if it is not set or is no UTF-8.
  package static func variable(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    return String(validatingCString: value)
  }

  /// All entries as the kernel handed them over, `NAME=value`, whatever bytes they hold.
  package static func entries() -> [[UInt8]] {
    guard var next = fl_environment() else { return [] }
    var entries: [[UInt8]] = []
    while let entry = next.pointee {
      entries.append(Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry))))
      next += 1
    }
    return entries
  }
}
