import FlusterCore
import FlusterSystem

/// The two sockets of the daemon, named as socket activation names them.
enum Door: String, CaseIterable {
  case control
  case worker
}

/// Who is at the other end, by the kernel's word at the moment of connecting.
struct Peer {
  let uid: UserID
  let pid: Int32
  /// The process with that number, of a worker where the kernel can tell it (6.5): a number alone
  /// is given to another process some day.
  let process: Descriptor?
  let isAdministrator: Bool
  /// The primary group and the supplementary ones.
  let groups: Set<UInt32>

  /// The identity under which the core judges what this peer asks.
  var caller: Caller { Caller(uid: uid, isAdministrator: isAdministrator) }
}

/// Who may come in by which door. Replaced as a whole when the configuration is read again.
struct Admission {
  let instance: Places.Instance
  /// The uid that the daemon itself runs as.
  let own: UserID
  let settings: Settings

  /// The peer of an accepted connection, or why it may not stay.
  func admit(_ socket: Descriptor, at door: Door) throws(Refusal) -> Peer {
    let credential: PeerCredential
    let groups: [UInt32]
    do throws(SystemError) {
      credential = try PeerCredential.of(socket)
      groups = instance == .system ? try PeerCredential.groups(of: socket) : []
    } catch {
      throw Refusal(.permissionDenied, "the kernel does not say who you are: \(error)")
    }
    guard credential.uid != PeerCredential.overflow else {
      throw Refusal(
        .permissionDenied, "uid \(credential.uid) is nobody's identity",
        wayOut: "connect from the same user namespace as flusterd")
    }
    let uid = UserID(credential.uid)
    let all = Set(groups + [credential.gid])
    try check(uid, at: door)
    return Peer(
      uid: uid, pid: credential.pid, process: try process(of: socket, at: door),
      isAdministrator: isAdministrator(uid, all), groups: all)
  }

  /// Nothing is ever done to the process of a command.
  private func process(of socket: Descriptor, at door: Door) throws(Refusal) -> Descriptor? {
    guard door == .worker else { return nil }
    do throws(SystemError) {
      return try PidFD.ofPeer(socket)
    } catch {
      throw Refusal(.permissionDenied, "the process that connected has ended: \(error)")
    }
  }

  private func isAdministrator(_ uid: UserID, _ groups: Set<UInt32>) -> Bool {
    if uid == .root { return true }
    switch instance {
    case .user: return uid == own
    case .system: return settings.administrators.map(groups.contains) ?? false
    }
  }

  private func check(_ uid: UserID, at door: Door) throws(Refusal) {
    if uid == .root { return }
    switch (instance, door) {
    case (.user, _):
      guard uid == own else {
        throw Refusal(
          .permissionDenied, "this flusterd serves uid \(own) only",
          wayOut: "start your own with `fluster up`, or ask for the system's with --socket system")
      }
    case (.system, .control): return
    case (.system, .worker):
      guard isTrustedWorker(uid) || settings.allowsPersonalWorkers else {
        throw Refusal(
          .permissionDenied, "uid \(uid) may not run a worker",
          wayOut: "name it in WorkerUsers= of fluster.conf(5), or say PersonalWorkers=yes")
      }
    }
  }

  /// Whether a worker of this uid may be given the jobs of all whom this daemon serves.
  func isTrustedWorker(_ uid: UserID) -> Bool {
    instance == .user || uid == .root || settings.workerUsers.contains(uid)
  }

  /// Why this peer may not submit jobs; nil if it may.
  func refusalToSubmit(_ peer: Peer) -> Refusal? {
    guard instance == .system else { return nil }
    if peer.uid == .root {
      return Refusal(
        .permissionDenied, "the system instance runs nothing as root",
        wayOut: "submit as another user, or to root's own instance: `fluster up`")
    }
    let users = settings.allowUsers
    let groups = settings.allowGroups
    if users == nil && groups == nil { return nil }
    if users?.contains(peer.uid) == true { return nil }
    if let groups, !groups.isDisjoint(with: peer.groups) { return nil }
    return Refusal(
      .permissionDenied, "uid \(peer.uid) may not submit jobs here",
      wayOut: "ask the administrator for AllowUsers= or AllowGroups= in fluster.conf(5)")
  }
}
