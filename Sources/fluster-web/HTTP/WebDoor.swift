import CMicrohttpd
import FlusterSystem
import FlusterSystemd
import Glibc

/// A listening socket with libmicrohttpd behind it. Belongs to the loop's thread.
final class WebDoor {
  /// Bytes of a connection's head and of the answer's; what browsers send is far below.
  private static let memory = 16 << 10
  /// Seconds in which nothing comes and nothing is taken, after which a connection is closed.
  private static let idle = 60

  private unowned let visitors: Visitors
  private let door: Visitor.Door
  private let most: Int
  private var daemon: OpaquePointer?
  private var source: Source?
  private var timer: Timer?
  private var soon: Deferred?

  init(_ socket: Descriptor, visitors: Visitors, most: Int) throws(SystemError) {
    self.visitors = visitors
    self.most = most
    door = Loopback.url(of: socket) == nil ? .file : .port
    // The library closes the one that it is given.
    let own = fcntl(socket.raw, F_DUPFD_CLOEXEC, 3)
    guard own >= 0 else { throw SystemError.last("duplicate descriptor \(socket.raw)") }
    guard let daemon = start(own, most: most) else {
      Glibc.close(own)
      throw SystemError(call: "start libmicrohttpd", errno: EINVAL)
    }
    self.daemon = daemon
    let copy = fcntl(fl_web_epoll(daemon), F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw SystemError.last("watch libmicrohttpd") }
    source = try visitors.loop.watch(Descriptor(adopting: copy), for: .readable, priority: 5) {
      [unowned self] _ in run()
    }
    timer = try visitors.loop.timer(priority: 5) { [unowned self] in run() }
    soon = try visitors.loop.deferred(priority: 5) { [unowned self] in run() }
  }

  /// Lets nobody in any more, and ends what there is.
  func close() {
    source?.cancel()
    timer?.cancel()
    soon?.cancel()
    if let daemon { MHD_stop_daemon(daemon) }
    daemon = nil
  }

  /// Whether half of the connections that there may be are taken: none should be kept for a next
  /// request then.
  var isCrowded: Bool { daemon.map { 2 * Int(fl_web_connections($0)) > most } ?? false }

  /// A connection was resumed, of which the library's descriptor tells nothing.
  func runSoon() { soon?.schedule() }

  /// Lets the library do what is to be done, and learns when it wants to be called again.
  private func run() {
    guard let daemon else { return }
    let wasFull = Int(fl_web_connections(daemon)) >= most
    let left = visitors.left
    MHD_run(daemon)
    // Who waits outside is let in by the run after the one in which others have left, of which the
    // library's descriptor tells nothing.
    if wasFull, visitors.left != left { runSoon() }
    var milliseconds: UInt64 = 0
    if MHD_get_timeout(daemon, &milliseconds) == MHD_Result.YES {
      // A library that is busy goes on in the next round, so that others have their turn.
      let pause = Int64(clamping: min(milliseconds, 60_000)) * 1_000_000
      timer?.set(at: Clock.monotonicNanoseconds() + pause)
    } else {
      timer?.disarm()
    }
  }

  private func start(_ socket: Int32, most: Int) -> OpaquePointer? {
    let me = Unmanaged.passUnretained(self).toOpaque()
    let begin: WebCallbacks.Begin = WebCallbacks.begin
    let end: WebCallbacks.End = WebCallbacks.end
    var options = [
      MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(socket), ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_LIMIT, value: most, ptr_value: nil),
      MHD_OptionItem(
        option: .CONNECTION_MEMORY_LIMIT, value: Self.memory, ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: Self.idle, ptr_value: nil),
      MHD_OptionItem(option: .STRICT_FOR_CLIENT, value: 1, ptr_value: nil),
      MHD_OptionItem(
        option: .URI_LOG_CALLBACK, value: unsafeBitCast(begin, to: Int.self),
        ptr_value: me),
      MHD_OptionItem(
        option: .NOTIFY_COMPLETED, value: unsafeBitCast(end, to: Int.self),
        ptr_value: me),
      MHD_OptionItem(option: .END, value: 0, ptr_value: nil),
    ]
    let flags = MHD_USE_EPOLL.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
    return options.withUnsafeMutableBytes { items in
      // A literal address of no array ends the list of options, which are in the array.
      let list: [any CVarArg] = [
        Int32(MHD_OPTION.ARRAY.rawValue), Int(bitPattern: items.baseAddress),
        Int32(MHD_OPTION.END.rawValue),
      ]
      return withVaList(list) {
        MHD_start_daemon_va(flags, 0, nil, nil, WebCallbacks.handle, me, $0)
      }
    }
  }

  // MARK: Answers

  /// Gives an answer to a request; nil: to one that was refused.
  static func queue(
    _ answer: Response, to request: Request?, of visitor: Visitor
  ) -> MHD_Result {
    visitor.phase = .over
    var (status, headers, hasBody) = answer.head(to: request)
    if visitor.home.isCrowded { headers.append(("Connection", "close")) }
    var body = hasBody ? answer.body : []
    let response = body.withUnsafeMutableBytes {
      MHD_create_response_from_buffer($0.count, $0.baseAddress, .RESPMEM_MUST_COPY)
    }
    return send(response, UInt32(status.rawValue), headers, of: visitor)
  }

  /// Begins to give a stream.
  static func queueStream(of visitor: Visitor) -> MHD_Result {
    let response = MHD_create_response_from_callback(
      .max, 4096, WebCallbacks.read, Unmanaged.passUnretained(visitor).toOpaque(), nil)
    return send(response, UInt32(Status.ok.rawValue), Response.streamHeaders, of: visitor)
  }

  private static func send(
    _ response: OpaquePointer?, _ status: UInt32, _ headers: [(name: String, value: String)],
    of visitor: Visitor
  ) -> MHD_Result {
    guard let response, let connection = visitor.connection else { return MHD_Result.NO }
    defer { MHD_destroy_response(response) }
    for (name, value) in headers { MHD_add_response_header(response, name, value) }
    return MHD_queue_response(connection, status, response)
  }

  // MARK: From the library

  fileprivate func arrive(_ target: [UInt8]) -> Visitor {
    visitors.arrive(at: door, asksFor: target)
  }

  fileprivate func handle(_ visitor: Visitor, _ head: RequestHead) -> MHD_Result {
    visitors.handle(visitor, head)
  }
}

/// What libmicrohttpd calls: C functions that find their object behind a pointer.
private enum WebCallbacks {
  typealias Begin =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?
    ) -> UnsafeMutableRawPointer?
  typealias End =
    @convention(c) (
      UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
      MHD_RequestTerminationCode
    ) -> Void

  /// The first line of a request has come.
  static let begin: Begin = { door, target, _ in
    guard let door, let target else { return nil }
    let visitor = Unmanaged<WebDoor>.fromOpaque(door).takeUnretainedValue()
      .arrive(Array(String(cString: target).utf8))
    return Unmanaged.passRetained(visitor).toOpaque()
  }

  /// A request is over; the last call about it.
  static let end: End = { _, _, context, _ in
    guard let pointer = context?.pointee else { return }
    context?.pointee = nil
    let visitor = Unmanaged<Visitor>.fromOpaque(pointer).takeRetainedValue()
    visitor.home.leave(visitor)
  }

  static let handle: MHD_AccessHandlerCallback = {
    door, connection, _, method, _, _, size, context in
    guard let door, let connection, let method, let pointer = context?.pointee,
      size?.pointee == 0
    else { return MHD_Result.NO }
    let visitor = Unmanaged<Visitor>.fromOpaque(pointer).takeUnretainedValue()
    let head = RequestHead(connection: connection, method: String(cString: method))
    return Unmanaged<WebDoor>.fromOpaque(door).takeUnretainedValue().handle(visitor, head)
  }

  static let read: MHD_ContentReaderCallback = { pointer, _, buffer, room in
    guard let pointer, let buffer else { return -1 }
    let visitor = Unmanaged<Visitor>.fromOpaque(pointer).takeUnretainedValue()
    return visitor.home.read(
      visitor, into: UnsafeMutableRawBufferPointer(start: buffer, count: room))
  }
}
