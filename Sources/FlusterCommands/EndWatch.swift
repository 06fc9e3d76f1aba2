import FlusterClient
import FlusterCore
import FlusterProtocol
import FlusterSystem
import Glibc

/// Watches for the end of one task over a connection of its own, beside another descriptor.
struct EndWatch {
  private(set) var isOver = false
  /// What was told of the end.
  private(set) var end: WireEnded?
  private let selector: WireSelector
  private var session: Session
  private var link: (connection: Connection, request: UInt64)?

  /// A watch on `task`; `session` tells which flusterd to ask, and is not used itself.
  init(_ task: LogTask, voice: Voice, session: Session) {
    var selector = WireSelector()
    selector.tasks.job = task.job
    selector.tasks.first = task.index
    selector.tasks.last = task.index
    self.selector = selector
    self.session = session.another(voice)
  }

  /// Waits for the end, for `other` to become readable, or for the time given. Returns whether
  /// `other` is an inotify instance that told of a writer that closed its file.
  ///
  /// A flusterd that is away is waited for: it alone knows of the end.
  @discardableResult
  mutating func wait(_ other: Descriptor?, for span: Span?) throws(Failure) -> Bool {
    try connect()
    guard !isOver, let link else { return false }
    var interests = [pollfd(fd: link.connection.descriptor.raw, events: Int16(POLLIN), revents: 0)]
    if let other { interests.append(pollfd(fd: other.raw, events: Int16(POLLIN), revents: 0)) }
    guard Pause.poll(&interests, until: span.map { Pause.now + $0 }) else { return false }
    if interests[0].revents != 0 { try take() }
    guard let other, interests.count > 1, interests[1].revents != 0 else { return false }
    return InotifyEvents.drain(other)
  }

  private mutating func connect() throws(Failure) {
    guard link == nil, !isOver else { return }
    var wait = WireWait()
    wait.selectors = [selector]
    link = try session.persist(patience: .seconds(3600)) { (connection, _) throws(CallError) in
      (connection, try connection.ask(.wait(wait)))
    }
    try take()
  }

  /// Takes what has come without waiting for more.
  private mutating func take() throws(Failure) {
    guard let (connection, request) = link else { return }
    do throws(CallError) {
      while !isOver, case .body(let body) = try connection.answer(to: request, until: Pause.now) {
        switch body {
        case .ended(let ended): (isOver, end) = (true, ended)
        case .done: isOver = true
        case _: throw connection.unexpected()
        }
      }
    } catch {
      link = nil
      session.drop()
      if case .failed(let failure) = error { throw failure }
    }
  }
}

/// What inotify tells of a followed file.
enum InotifyEvents {
  /// Reads the events away. Returns whether a writer closed the file; false for a descriptor that
  /// is a socket and no inotify instance.
  static func drain(_ instance: Descriptor) -> Bool {
    var status = stat()
    guard fstat(instance.raw, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK else {
      return false
    }
    let headerSize = MemoryLayout<inotify_event>.size
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = read(instance.raw, &buffer, buffer.count)
    var isClosed = false
    var place = 0
    while count > 0, place + headerSize <= count {
      let event = buffer.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
      }
      if event.mask & UInt32(IN_CLOSE_WRITE) != 0 { isClosed = true }
      place += headerSize + Int(event.len)
    }
    return isClosed
  }
}
