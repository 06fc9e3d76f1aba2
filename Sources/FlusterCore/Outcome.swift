/// Why an attempt ended. One a attempt, for ever.
package enum Cause: UInt8, Sendable, CaseIterable {
  case exit = 1
  case signal = 2
  case timeLimit = 3
  case memoryLimit = 4
  case killed = 5
  case workerLost = 6
  case preempted = 7
  case gang = 8
  case start = 9
  case dependency = 10
  case deadline = 11

  /// The word for it, everywhere.
  package var word: String {
    switch self {
    case .exit: "exit"
    case .signal: "signal"
    case .timeLimit: "time-limit"
    case .memoryLimit: "memory-limit"
    case .killed: "killed"
    case .workerLost: "worker-lost"
    case .preempted: "preempted"
    case .gang: "gang"
    case .start: "start"
    case .dependency: "dependency"
    case .deadline: "deadline"
    }
  }

  /// What became of an attempt that ended so, as the state of a task, also where the task is tried
  /// again.
  package func state(exitCode: UInt8?) -> TaskState {
    switch self {
    case .exit: exitCode == 0 ? .succeeded : .failed
    case .killed: .killed
    case .workerLost: .workerFailed
    case .preempted: .preempted
    case .gang: .gangFailed
    case .signal, .timeLimit, .memoryLimit, .start, .dependency, .deadline: .failed
    }
  }
}

/// "The job did not start, because": numbered, and the same on the shim's socket, the wire, in the
/// store and in fluster(7).
package enum StartReason: UInt8, Sendable, CaseIterable {
  /// The command was not found or could not be executed.
  case exec = 1
  case directory = 2
  /// The uid is refused, unknown, or its groups could not be found.
  case user = 3
  case cgroup = 4
  /// A resource limit, nice value or mask could not be set.
  case limit = 5
  case stdin = 6
  case stdout = 7
  case stderr = 8
  /// The kept log could not be made.
  case log = 9
  /// It did not reach exec in time.
  case time = 10
  /// The machine could not make another process.
  case process = 11
  /// The request was not understood by the shim.
  case request = 12
  /// A port or the path of a socket could not be found.
  case address = 13
  /// A piece of what is handed out by number, a GPU for example, was held by something else.
  case resource = 14

  /// Not the job's own fault: charged to the preemption budget, like a lost worker.
  package var isMachineFault: Bool {
    switch self {
    case .cgroup, .log, .process, .request, .resource: true
    case .exec, .directory, .user, .limit, .stdin, .stdout, .stderr, .time, .address: false
    }
  }

  /// The word for it, everywhere.
  package var word: String {
    switch self {
    case .exec: "exec"
    case .directory: "directory"
    case .user: "user"
    case .cgroup: "cgroup"
    case .limit: "limit"
    case .stdin: "stdin"
    case .stdout: "stdout"
    case .stderr: "stderr"
    case .log: "log"
    case .time: "time"
    case .process: "process"
    case .request: "request"
    case .address: "address"
    case .resource: "resource"
    }
  }
}

/// What an attempt used, as far as the kernel told. Absent means unknown.
package struct Usage: Hashable, Sendable {
  package var wallMilliseconds: UInt64?
  package var userMicroseconds: UInt64?
  package var systemMicroseconds: UInt64?
  package var peakMemoryBytes: UInt64?
  package var readBytes: UInt64?
  package var writtenBytes: UInt64?
  /// For how long something in it could not go on for want of a processor.
  package var cpuStallMicroseconds: UInt64?
  /// The same for want of memory.
  package var memoryStallMicroseconds: UInt64?
  /// The same because a disk had not answered.
  package var ioStallMicroseconds: UInt64?
  /// For how long its quota of processor time was used up.
  package var throttledMicroseconds: UInt64?
  /// Processes and threads.
  package var peakProcesses: UInt64?

  /// Nothing known.
  package init() {}
}

/// How one attempt ended: the truth, recorded once.
package struct Outcome: Hashable, Sendable {
  package var cause: Cause
  /// The leader's own exit code, or
  package var exitCode: UInt8?
  /// the signal that ended it.
  package var signal: UInt8?
  package var startReason: StartReason?
  package var startErrno: Int32?
  /// One sentence that adds what the fields do not say; often empty.
  package var text: String
  package var usage: Usage

  /// An ending with nothing known but its cause.
  package init(
    _ cause: Cause, exitCode: UInt8? = nil, signal: UInt8? = nil, startReason: StartReason? = nil,
    startErrno: Int32? = nil, text: String = "", usage: Usage = Usage()
  ) {
    self.cause = cause
    self.exitCode = exitCode
    self.signal = signal
    self.startReason = startReason
    self.startErrno = startErrno
    self.text = text
    self.usage = usage
  }

  /// What fluster-wait carries: the exit code, 128 + signal, 143 in place of 0 for what was ended
  /// by a limit or a kill, and 126 for a task without a status of its own.
  package var status: UInt8 {
    switch cause {
    case .exit, .signal, .timeLimit, .memoryLimit, .killed, .preempted, .gang:
      let own = exitCode ?? signal.map { 128 &+ ($0 & 127) }
      guard let own else { return 126 }
      return own == 0 && cause != .exit ? 143 : own
    case .workerLost, .start, .dependency, .deadline:
      return 126
    }
  }
}
