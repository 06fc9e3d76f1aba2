/// How attempts are held to the processors that they asked for.
enum CpuLimit: String {
  /// Only against each other: what nobody else wants is anybody's.
  case weight
  /// To so much time of processors.
  case quota
  /// Who asked for whole processors has them, and nobody else's.
  case cores
}
