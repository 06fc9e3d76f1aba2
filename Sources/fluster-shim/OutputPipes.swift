import FlusterSystem
import Glibc

/// The pipes of an attempt whose output the worker reads, and what the worker needs to lose nothing
/// of it when it dies. The shim looks into none of them.
struct OutputPipes {
  /// The reading ends of standard output, and of standard error if that has a pipe of its own.
  let output: Descriptor
  let errors: Descriptor?
  /// Where the worker puts aside what it is about to write.
  let aside: (reader: Descriptor, writer: Descriptor)
  /// Where the worker notes how far it is.
  let ledger: Descriptor

  /// The pipes of an attempt, and their writing ends, to be closed when it has them. They are given
  /// to `owner` where there is one, so that the job may reopen /dev/stderr.
  static func make(
    for spawn: ShimSpawn, ledger: Descriptor, owner: UInt32?
  ) throws(SystemError) -> (pipes: OutputPipes, output: Descriptor, errors: Descriptor?) {
    let output = try pipe(of: owner)
    let errors = spawn.errors == .piped ? try pipe(of: owner) : nil
    let pipes = OutputPipes(
      output: output.reader, errors: errors?.reader, aside: try Pipe.make(), ledger: ledger)
    return (pipes, output.writer, errors?.writer)
  }

  private static func pipe(
    of owner: UInt32?
  ) throws(SystemError) -> (reader: Descriptor, writer: Descriptor) {
    let ends = try Pipe.make()
    // Only a pipe that was made here is given away: nothing else changes hands.
    if let owner, fchown(ends.writer.raw, owner, UInt32.max) != 0 {
      throw SystemError.last("give a pipe to uid \(owner)")
    }
    return ends
  }

  /// Those that were handed over as `descriptors`; nil of none.
  init?(_ descriptors: [Descriptor]) {
    guard (4...5).contains(descriptors.count) else { return nil }
    ledger = descriptors[0]
    aside = (descriptors[1], descriptors[2])
    output = descriptors[3]
    errors = descriptors.count > 4 ? descriptors[4] : nil
  }

  private init(
    output: Descriptor, errors: Descriptor?, aside: (reader: Descriptor, writer: Descriptor),
    ledger: Descriptor
  ) {
    self.output = output
    self.errors = errors
    self.aside = aside
    self.ledger = ledger
  }

  /// In the order in which they are handed over.
  var descriptors: [Descriptor] {
    [ledger, aside.reader, aside.writer, output] + (errors.map { [$0] } ?? [])
  }
}
