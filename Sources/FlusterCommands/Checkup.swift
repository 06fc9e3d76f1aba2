import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// What `fluster-ctl check` looks at: what is wrong with an instance, and how to mend it.
struct Checkup {
  /// One thing that was looked at.
  struct Finding {
    let subject: String
    let isWell: Bool
    let text: String
    var wayOut = ""
  }

  let instance: Instance
  private(set) var findings: [Finding] = []

  init(of instance: Instance) { self.instance = instance }

  /// Whether nothing was found to be wrong.
  var isWell: Bool { findings.allSatisfy(\.isWell) }

  /// Looks at everything; most of it can be seen also where flusterd is away.
  mutating func run(_ session: consuming Session) {
    checkSocket()
    do throws(Failure) {
      guard case .status(let status) = try session.call(.getStatus(WireGetStatus())) else {
        throw Failure(.internal, "what listens at \(instance.path) is no flusterd")
      }
      well("flusterd", "\(status.software), \(status.instance) instance, pid \(status.pid)")
      if status.instance == "system" { checkAccounts() }
      check(status.workers)
      if !status.storeTrouble.isEmpty { wrong("store", status.storeTrouble, "look at the disk") }
      checkStore(status, &session)
    } catch {
      wrong("flusterd", error.message, error.wayOut ?? "")
    }
    checkKernel()
    checkControlGroups()
  }

  private mutating func well(_ subject: String, _ text: String) {
    findings.append(Finding(subject: subject, isWell: true, text: text))
  }

  private mutating func wrong(_ subject: String, _ text: String, _ wayOut: String) {
    findings.append(Finding(subject: subject, isWell: false, text: text, wayOut: wayOut))
  }

  private mutating func checkSocket() {
    var status = stat()
    guard lstat(instance.path, &status) == 0 else {
      return wrong(
        "socket", "\(instance.path): \(SystemError.reason(errno))",
        "fluster up starts a private instance; systemctl start flusterd.socket that of the system")
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      return wrong("socket", "\(instance.path) is no socket", "remove it, and start flusterd again")
    }
    let mode = String(status.st_mode & 0o777, radix: 8)
    let isPrivate = !instance.path.hasPrefix("/run/fluster/")
    if isPrivate, status.st_mode & 0o077 != 0 {
      return wrong(
        "socket", "\(instance.path) has mode 0\(mode): others may connect to a private instance",
        "chmod 600 \(instance.path)")
    }
    if isPrivate, status.st_uid != geteuid(), geteuid() != 0 {
      return wrong("socket", "\(instance.path) belongs to uid \(status.st_uid)", "")
    }
    well("socket", "\(instance.path), mode 0\(mode)")
  }

  private mutating func checkAccounts() {
    for user in ["fluster", "fluster-worker"] where getpwnam(user) == nil {
      wrong("accounts", "there is no user \(user)", "systemd-sysusers makes it")
    }
    guard getgrnam("fluster-admin") != nil else {
      return wrong(
        "accounts", "there is no group fluster-admin: only root administers",
        "systemd-sysusers makes it")
    }
    well("accounts", "the group fluster-admin is there")
  }

  private mutating func check(_ workers: [WireWorkerRow]) {
    if !workers.contains(where: \.connected) {
      wrong("workers", "no worker is connected: nothing is started", "start fluster-worker")
    }
    for worker in workers {
      let name = "worker \(worker.id)"
      if !worker.ailment.isEmpty {
        wrong("workers", "\(name) wants no new work: \(worker.ailment)", "")
      } else if worker.state != "ready" {
        wrong("workers", "\(name) is \(worker.state)", "fluster-ctl -l workers \(worker.id)")
      } else if !worker.lacks.isEmpty {
        wrong(
          "workers", "\(name) cannot enforce: \(worker.lacks.joined(separator: ", "))",
          "give its shim a unit with Delegate=yes; see fluster-shim(8)")
      } else {
        well("workers", "\(name) is ready, and enforces all limits")
      }
    }
  }

  private mutating func checkStore(_ status: WireStatus, _ session: inout Session) {
    let place = "the store in \(status.stateDirectory)"
    do throws(Failure) {
      let body = try session.persist { (connection, _) throws(CallError) in
        try connection.answer(to: connection.ask(.checkStore(WireCheckStore())))
      }
      guard case .body(.done(let done)) = body else {
        throw Failure(.internal, "flusterd answered something else than asked")
      }
      guard let first = done.notices.first else { return well("store", "\(place) is sound") }
      let more = done.notices.count > 1 ? ", and \(done.notices.count - 1) more" : ""
      wrong(
        "store", "\(place) is damaged: \(first)\(more)",
        "stop flusterd and restore a backup; see fluster-store(5)")
    } catch {
      guard error.status != .permission else {
        return well("store", "\(place) is read through for administrators only")
      }
      wrong("store", error.message, error.wayOut ?? "")
    }
  }

  private mutating func checkKernel() {
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: name.release) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    let version = (numbers.first ?? 0) * 1000 + (numbers.count > 1 ? numbers[1] : 0)
    if version < 5_003 {
      wrong("kernel", "Linux \(release) has no pidfds", "Linux 5.14 or newer has all that is used")
    } else if version < 5_014 {
      wrong(
        "kernel", "Linux \(release) cannot kill a cgroup at once; it is done one by one",
        "Linux 5.14 or newer can")
    } else {
      well("kernel", "Linux \(release)")
    }
  }

  private mutating func checkControlGroups() {
    let mounts = (try? Files.read("/proc/self/mountinfo", limit: 1 << 20)) ?? []
    let fields = String(decoding: mounts, as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: " ") }
    let mount = fields.first { line in
      line.firstIndex(of: "-").map { $0 + 1 < line.count && line[$0 + 1] == "cgroup2" } ?? false
    }
    guard let mount, mount.count > 4 else {
      return wrong(
        "cgroups", "there is no cgroup2 file system: no limit can be enforced",
        "boot with systemd.unified_cgroup_hierarchy=1, or mount it")
    }
    let path = String(mount[4])
    let offered = (try? Files.read("\(path)/cgroup.controllers", limit: 4096)) ?? []
    let controllers = String(decoding: offered, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    let missing = ["cpu", "memory", "pids"].filter { !controllers.contains(Substring($0)) }
    guard missing.isEmpty else {
      return wrong(
        "cgroups", "\(path) has no controllers for \(missing.joined(separator: ", "))",
        "they may be taken by cgroup v1, or be disabled at boot")
    }
    well("cgroups", "\(path) has the controllers cpu, memory and pids")
  }
}

extension Checkup {
  /// Prints what was found on standard output.
  func print(asJSON: Bool) throws(Failure) {
    if asJSON { return try StandardStream.print(findings.flatMap(\.json.lineBytes)) }
    let lines = findings.flatMap { finding in
      let line = "\(finding.isWell ? "ok   " : "wrong") \(finding.subject): \(finding.text)"
      return [line] + finding.wayOut.split(separator: "\n").map { "      \($0)" }
    }
    try StandardStream.print(Array(lines.map { Table.shown($0) + "\n" }.joined().utf8))
  }
}

extension Checkup.Finding {
  fileprivate var json: JSONObject {
    var object = JSONObject.line
    object.set("subject", .string(subject))
    object.set("ok", .bool(isWell))
    object.set("text", .string(text))
    if !wayOut.isEmpty { object.set("way_out", .string(wayOut)) }
    return object
  }
}
