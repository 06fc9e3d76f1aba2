import Glibc

/// RLIMIT_FSIZE of this process: a full disk for those who are not root. For children of tests.
enum SizeLimit {
  /// Lets no file grow beyond `bytes`; nil lets them grow again.
  static func set(_ bytes: UInt?) {
    signal(SIGXFSZ, SIG_IGN)
    // RLIMIT_FSIZE, whose type differs between versions of the C library.
    let resource = __rlimit_resource_t(1)
    var limit = rlimit()
    getrlimit(resource, &limit)
    limit.rlim_cur = bytes ?? limit.rlim_max
    setrlimit(resource, &limit)
  }
}
