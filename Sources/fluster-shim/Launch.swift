import CFluster
import FlusterSystem
import Glibc

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
    let environment = environment
    let searchPath = environmentValue("PATH")
    let paths = [spawn.input, spawn.output, spawn.errors].map(Self.path)
    let groups = identity?.groups ?? []
    var size = LaunchMemory.size(of: fl_launch.self)
    for strings in [words, environment, [spawn.directory, searchPath ?? []] + paths] {
      size += LaunchMemory.size(of: strings)
    }
    size += LaunchMemory.size(of: limits) + LaunchMemory.size(of: groups)
    let memory = try LaunchMemory(size: size)
    var directory: Descriptor?
    if let cgroup { directory = try Self.open(cgroup.path) }
    let argv = memory.place(words)
    let request = memory.place([fl_launch()])
    request.pointee.argv = UnsafePointer(argv)
    request.pointee.environment = UnsafePointer(memory.place(environment))
    request.pointee.search_path = searchPath.map { memory.place($0) }
    request.pointee.directory = memory.place(spawn.directory)
    request.pointee.streams.0 = stream(spawn.input, nil, memory.place(paths[0]))
    request.pointee.streams.1 = stream(spawn.output, output, memory.place(paths[1]))
    request.pointee.streams.2 = stream(spawn.errors, errors, memory.place(paths[2]))
    request.pointee.limits = UnsafePointer(memory.place(limits))
    request.pointee.limit_count = limits.count
    request.pointee.become = identity != nil
    request.pointee.uid = spawn.owner
    request.pointee.gid = identity?.gid ?? 0
    request.pointee.groups = UnsafePointer(memory.place(groups))
    request.pointee.group_count = groups.count
    request.pointee.umask = spawn.umask
    request.pointee.nice = nice
    request.pointee.reset_oom_score = resetsOOMScore
    request.pointee.no_new_privileges = noNewPrivileges
    request.pointee.cgroup = directory?.raw ?? -1
    request.pointee.script = script?.raw ?? -1
    request.pointee.script_path = spawn.scriptWord.flatMap { argv[$0] }
    var made = fl_spawned()
    let failure = withExtendedLifetime((memory, directory, output, errors, script)) {
      fl_spawn(request, method, &made)
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
    _ stream: ShimStream, _ descriptor: Descriptor?, _ path: UnsafePointer<CChar>
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
