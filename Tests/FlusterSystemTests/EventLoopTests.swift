import FlusterSystem
import FlusterSystemd
import Glibc
import Testing

/// Runs the loop until something makes it exit, 99 if nothing does within ten seconds.
private func run(_ loop: EventLoop) throws -> Int32 {
  let deadline = try loop.timer { loop.exit(99) }
  deadline.set(at: Clock.monotonicNanoseconds() + 10_000_000_000)
  defer { deadline.cancel() }
  return try loop.run()
}

@Suite struct EventLoopTests {
  @Test("a signal of another thread wakes the loop")
  func wakesUp() throws {
    let loop = try EventLoop()
    let wakeup = try Wakeup()
    var wakes = 0
    _ = try loop.watch(wakeup.descriptor, for: .readable) { readiness in
      wakeup.drain()
      wakes += 1
      loop.exit(readiness == .readable ? 0 : 1)
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(wakeup)
    let started = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Wakeup>.fromOpaque(argument).takeRetainedValue().signal()
        return nil
      }, box.toOpaque())
    try #require(started == 0)
    defer { pthread_join(thread, nil) }
    #expect(try run(loop) == 0)
    #expect(wakes == 1)
  }

  @Test("a timer is neither early nor late by the library's usual quarter of a second")
  func timerIsAccurate() throws {
    let loop = try EventLoop()
    let due = Clock.monotonicNanoseconds() + 20_000_000
    var fired: Int64 = 0
    let timer = try loop.timer {
      fired = Clock.monotonicNanoseconds()
      loop.exit(0)
    }
    timer.set(at: due)
    #expect(try run(loop) == 0)
    #expect(fired >= due)
    #expect(fired < due + 200_000_000)
  }

  @Test("a timer fires once, may be set again in its own handler, and not after it is disarmed")
  func timerIsOneShot() throws {
    let loop = try EventLoop()
    var fired = 0
    var timer: FlusterSystemd.Timer?
    timer = try loop.timer {
      fired += 1
      if fired < 3 { timer?.set(at: 0) }
    }
    timer?.set(at: 0)
    let unwanted = try loop.timer { loop.exit(1) }
    unwanted.set(at: 0)
    unwanted.disarm()
    let end = try loop.timer(priority: 10) { loop.exit(0) }
    end.set(at: Clock.monotonicNanoseconds() + 30_000_000)
    #expect(try run(loop) == 0)
    #expect(fired == 3)
  }

  @Test("a signal is taken over from its disposition")
  func takesSignals() throws {
    let loop = try EventLoop()
    try loop.onSignal(SIGUSR1) { loop.exit(0) }
    // To this thread: the others of a test process have not blocked it.
    #expect(pthread_kill(pthread_self(), SIGUSR1) == 0)
    #expect(try run(loop) == 0)
  }

  @Test("what is deferred runs once, after all that is ready")
  func defers() throws {
    let loop = try EventLoop()
    var order: [String] = []
    let deferred = try loop.deferred(priority: 100) {
      order.append("turn")
      loop.exit(0)
    }
    var wakeups: [Wakeup] = []
    for _ in 0..<5 {
      let wakeup = try Wakeup()
      wakeup.signal()
      wakeups.append(wakeup)
      _ = try loop.watch(wakeup.descriptor, for: .readable) { _ in
        wakeup.drain()
        order.append("message")
        deferred.schedule()
      }
    }
    deferred.schedule()
    #expect(try run(loop) == 0)
    #expect(order == Array(repeating: "message", count: 5) + ["turn"])
  }

  @Test("of what is ready the lowest priority number goes first")
  func obeysPriorities() throws {
    let loop = try EventLoop()
    var order: [Int64] = []
    for priority in [3, -1, 2] as [Int64] {
      let wakeup = try Wakeup()
      wakeup.signal()
      _ = try loop.watch(wakeup.descriptor, for: .readable, priority: priority) { _ in
        wakeup.drain()
        order.append(priority)
        if order.count == 3 { loop.exit(0) }
      }
    }
    #expect(try run(loop) == 0)
    #expect(order == [-1, 2, 3])
  }

  @Test("a source may be cancelled in its own handler, and lets go of what it holds")
  func cancelsItself() throws {
    let loop = try EventLoop()
    weak var held: Wakeup?
    var calls = 0
    do {
      let wakeup = try Wakeup()
      held = wakeup
      wakeup.signal()
      var source: Source?
      source = try loop.watch(wakeup.descriptor, for: .readable) { _ in
        calls += 1
        source?.cancel()
        source?.cancel()
        source = nil
        // Not drained: it would come again and again if it were still watched.
        wakeup.signal()
      }
    }
    let end = try loop.timer(priority: 10) { loop.exit(0) }
    end.set(at: Clock.monotonicNanoseconds() + 10_000_000)
    #expect(try run(loop) == 0)
    #expect(calls == 1)
    #expect(held == nil)
  }

  @Test("a handler may cancel another source that is ready as well")
  func cancelsAnother() throws {
    let loop = try EventLoop()
    var sources: [Source] = []
    var calls = 0
    for _ in 0..<4 {
      let wakeup = try Wakeup()
      wakeup.signal()
      sources.append(
        try loop.watch(wakeup.descriptor, for: .readable) { _ in
          calls += 1
          for source in sources { source.cancel() }
        })
    }
    let end = try loop.timer(priority: 10) { loop.exit(0) }
    end.set(at: Clock.monotonicNanoseconds() + 10_000_000)
    #expect(try run(loop) == 0)
    #expect(calls == 1)
  }

  @Test("timers and deferred work may be cancelled in their own handlers")
  func cancelsOthers() throws {
    let loop = try EventLoop()
    var calls = 0
    var timer: FlusterSystemd.Timer?
    var deferred: Deferred?
    deferred = try loop.deferred(priority: 0) {
      calls += 1
      deferred?.cancel()
      deferred?.schedule()
      loop.exit(0)
    }
    timer = try loop.timer {
      calls += 1
      timer?.cancel()
      timer?.set(at: 0)
      deferred?.schedule()
    }
    timer?.set(at: 0)
    #expect(try run(loop) == 0)
    #expect(calls == 2)
  }

  @Test("a watch reports what it is asked for, and with no interest is deaf to a hang-up")
  func changesInterest() throws {
    let loop = try EventLoop()
    var ends: (Descriptor, Descriptor)? = try UnixSocket.pair(kind: .stream)
    let mine = try #require(ends?.0)
    var seen: [Readiness] = []
    let source = try loop.watch(mine, for: [.readable, .writable]) { seen.append($0) }
    var steps = 0
    var step: FlusterSystemd.Timer?
    step = try loop.timer(priority: -10) {
      steps += 1
      switch steps {
      case 1:
        source.interest = []
        ends = nil
        seen = []
      case 2:
        #expect(seen.isEmpty)
        source.interest = .readable
      default:
        loop.exit(0)
        return
      }
      step?.set(at: Clock.monotonicNanoseconds() + 5_000_000)
    }
    step?.set(at: Clock.monotonicNanoseconds() + 5_000_000)
    #expect(try run(loop) == 0)
    #expect(seen.first == [.readable, .hangUp])
  }

  @Test("a loop that is dropped lets go of its sources")
  func dropsSources() throws {
    weak var held: Wakeup?
    var source: Source?
    do {
      let loop = try EventLoop()
      let wakeup = try Wakeup()
      held = wakeup
      source = try loop.watch(wakeup.descriptor, for: .readable) { _ in wakeup.drain() }
    }
    source?.interest = .writable
    source?.cancel()
    source = nil
    #expect(held == nil)
  }

  @Test("a regular file cannot be watched, and the error says why")
  func refusesFiles() throws {
    let loop = try EventLoop()
    let file = Descriptor(adopting: open("/proc/self/exe", O_RDONLY | O_CLOEXEC))
    let error = failure { () throws(SystemError) in
      _ = try loop.watch(file, for: .readable) { _ in }
    }
    #expect(error?.errno == EPERM)
  }
}
