import FlusterCore
import FlusterProtocol
import FlusterStore
import Glibc

/// Where the output of one attempt went. Reads the launch and may ask for a user's name, so it runs
/// on the history thread.
struct OutputPlace: Sendable {
  let task: TaskID
  /// The task's index as people see it.
  let index: UInt32
  let number: UInt32
  let name: String
  let owner: UserID
  /// Standard error is wanted, not standard output.
  let isError: Bool

  /// Whether it is plain that the worker keeps the output of a job that is started like this.
  func isKept(_ payload: Payload) -> Bool {
    guard !isError, let launch = try? WireLaunch(stored: payload) else { return false }
    return !launch.hasStdout
  }

  /// The owner's file; nil if the worker keeps the output.
  func find(in reader: Reader) throws(Refusal) -> [UInt8]? {
    let payload: Payload?
    do throws(StoreError) {
      payload = try reader.launch(of: task.job, withScript: false)
    } catch {
      throw Refusal(error)
    }
    guard let payload else { throw .noJob(task.job) }
    let launch = try WireLaunch(stored: payload)
    guard !isError || launch.hasStderr else {
      throw Refusal(
        .failedPrecondition, "job \(task.job) has no standard error of its own",
        wayOut: "it is in the same log as standard output; -E of fluster-submit parts them")
    }
    guard isError || launch.hasStdout else { return nil }
    let path = filled(isError ? launch.stderr.array : launch.stdout.array)
    if path.first == UInt8(ascii: "/") { return path }
    return launch.directory.array + [UInt8(ascii: "/")] + path
  }

  /// The path with its patterns filled in, as the worker did it.
  private func filled(_ pattern: [UInt8]) -> [UInt8] {
    var path: [UInt8] = []
    var rest = pattern[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%"), let letter = rest.first else {
        path.append(byte)
        continue
      }
      rest.removeFirst()
      switch letter {
      case UInt8(ascii: "j"): path.append(contentsOf: "\(task.job)".utf8)
      case UInt8(ascii: "t"): path.append(contentsOf: "\(index)".utf8)
      case UInt8(ascii: "a"): path.append(contentsOf: "\(number)".utf8)
      case UInt8(ascii: "n"): path.append(contentsOf: name.utf8)
      case UInt8(ascii: "u"): path.append(contentsOf: (Names.name(of: owner) ?? "\(owner)").utf8)
      case UInt8(ascii: "%"): path.append(letter)
      case _: path.append(contentsOf: [byte, letter])
      }
    }
    return path
  }
}
