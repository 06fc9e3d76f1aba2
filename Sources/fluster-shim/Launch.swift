import CFluster
import FlusterSystem
import Glibc

/// Strings as C takes them: an array of pointers that ends with a null.
private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let storage: UnsafeMutablePointer<CChar>

  init(_ strings: [[UInt8]]) {
    pointers = .allocate(capacity: strings.count + 1)
    storage = .allocate(capacity: strings.reduce(1) { $0 + $1.count + 1 })
    var next = storage
    for (index, string) in strings.enumerated() {
      pointers[index] = next
      for byte in string {
        next.pointee = CChar(bitPattern: byte)
        next += 1
      }
      next.pointee = 0
      next += 1
    }
    pointers[strings.count] = nil
  }

  deinit {
    pointers.deallocate()
    storage.deallocate()
  }

  /// One of the strings; nil beyond the last.
  subscript(index: Int) -> UnsafePointer<CChar>? { pointers[index].map { UnsafePointer($0) } }
}

/// All that goes into making a job's process, checked and clamped.
struct Launch {
  var spawn: ShimSpawn
  /// Nil: the job runs as the shim does.
  var identity: Owners.Identity?
  var output: Descriptor?
  var errors: Descriptor?
  /// What argv interprets, if `spawn` says so: sealed, and never read here.
  var script: Descriptor?
  var cgroup: ControlGroup?
  var limits: [fl_limit]
  var nice: Int32
  var resetsOOMScore: Bool
  var noNewPrivileges: Bool

  /// Makes the process by `method` or what it falls back to. Throws an errno if there is none.
  func run(method: Int32) throws(SystemError) -> fl_spawned {
    var words = spawn.argv
    if let word = spawn.scriptWord { words[word] = Array(FL_SCRIPT_PATH.utf8) }
    let argv = CStrings(words)
    let environment = CStrings(environment)
    // Its elements: the directory, the three paths, PATH.
    let searchPath = environmentValue("PATH")
    let strings = CStrings(
      [spawn.directory] + [spawn.input, spawn.output, spawn.errors].map(Self.path)
        + [searchPath ?? []])
    var directory: Descriptor?
    if let cgroup { directory = try Self.open(cgroup.path) }
    let groups = identity?.groups ?? []
    var made = fl_spawned()
    let failure = withExtendedLifetime(
      (argv, environment, strings, directory, output, errors, script)
    ) {
      limits.withUnsafeBufferPointer { limits in
        groups.withUnsafeBufferPointer { groups in
          var request = fl_launch()
          request.argv = UnsafePointer(argv.pointers)
          request.environment = UnsafePointer(environment.pointers)
          request.search_path = searchPath == nil ? nil : strings[4]
          request.directory = strings[0]
          request.streams.0 = stream(spawn.input, descriptor: nil, path: strings[1])
          request.streams.1 = stream(spawn.output, descriptor: output, path: strings[2])
          request.streams.2 = stream(spawn.errors, descriptor: errors, path: strings[3])
          request.limits = limits.baseAddress
          request.limit_count = limits.count
          request.become = identity != nil
          request.uid = spawn.owner
          request.gid = identity?.gid ?? 0
          request.groups = groups.baseAddress
          request.group_count = groups.count
          request.umask = spawn.umask
          request.nice = nice
          request.reset_oom_score = resetsOOMScore
          request.no_new_privileges = noNewPrivileges
          request.cgroup = directory?.raw ?? -1
          request.script = script?.raw ?? -1
          request.script_path = spawn.scriptWord.flatMap { argv.pointers[$0] }
          return fl_spawn(&request, method, &made)
        }
      }
    }
    guard failure == 0 else { throw SystemError(call: "make a process", errno: failure) }
    return made
  }

  /// As asked for, and in any case with the variable by which what is left of the job is found.
  private var environment: [[UInt8]] {
    let name = Array("FLUSTER_ATTEMPT_UID=".utf8)
    let mark = Marks.variable(of: spawn.uid)
    let given = spawn.environment.filter { $0.starts(with: name) }
    if given == [mark] { return spawn.environment }
    return spawn.environment.filter { !$0.starts(with: name) } + [mark]
  }

  private func environmentValue(_ name: String) -> [UInt8]? {
    let prefix = Array("\(name)=".utf8)
    return spawn.environment.first { $0.starts(with: prefix) }.map { Array($0[prefix.count...]) }
  }

  private static func path(_ stream: ShimStream) -> [UInt8] {
    if case .path(let path) = stream { path } else { [] }
  }

  private func stream(
    _ stream: ShimStream, descriptor: Descriptor?, path: UnsafePointer<CChar>?
  ) -> fl_stream {
    switch stream {
    case .discard: fl_stream(kind: Int32(FL_STREAM_NULL.rawValue), fd: -1, path: nil)
    case .kept, .piped:
      fl_stream(kind: Int32(FL_STREAM_FD.rawValue), fd: descriptor?.raw ?? -1, path: nil)
    case .path: fl_stream(kind: Int32(FL_STREAM_PATH.rawValue), fd: -1, path: path)
    case .likeOutput: fl_stream(kind: Int32(FL_STREAM_OUTPUT.rawValue), fd: -1, path: nil)
    }
  }

  private static func open(_ path: String) throws(SystemError) -> Descriptor {
    let raw = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard raw >= 0 else { throw SystemError.last("open \(path)") }
    return Descriptor(adopting: raw)
  }
}
