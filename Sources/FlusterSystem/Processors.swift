import CFluster
import Glibc

/// The processors of this machine, as far as this process may use them.
package enum Processors {
  /// How many there are, at least 1. Any thread; it is the calling thread's own share.
  package static var allowed: Int {
    let allowed = Int(fl_allowed_cpus())
    return max(allowed > 0 ? allowed : sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
  }
}
