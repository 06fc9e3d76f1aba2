import Testing

/// Everything the real programs promise, shown on the real programs. Serialized: each test starts
/// daemons of its own and some of them measure.
@Suite("the programs", .serialized)
enum Programs {}
