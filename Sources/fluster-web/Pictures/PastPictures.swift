import FlusterClient
import FlusterCore
import FlusterProtocol

/// The stretches of time that pages look back on; an address chooses by `?range=`.
enum PastRange: String, CaseIterable {
  case hour, day, week

  /// The one that an address means.
  init(_ query: Query) { self = query["range"].flatMap(PastRange.init(rawValue:)) ?? .day }

  /// Milliseconds of a part, and how many parts there are.
  private var parts: (width: Int64, count: Int64) {
    switch self {
    case .hour: (60_000, 60)
    case .day: (900_000, 96)
    case .week: (7_200_000, 84)
    }
  }

  /// The stretch up to the end of the part that `now` is in, so that parts stay where they are.
  func past(_ now: WallTime) -> Past {
    let (width, count) = parts
    let until = (now.milliseconds / width + 1) * width
    return Past(from: until - width * count, width: width, count: count)
  }

  /// The ways to the other stretches; `id` is where the picture stands.
  func links(_ query: Query, to id: String) -> HTML {
    let links = Self.allCases.map { range -> HTML in
      guard range != self else { return "<strong>\(range.rawValue)</strong>" }
      let address = query.with("range", range == .day ? nil : range.rawValue).text
      return "<a href=\"\(address.isEmpty ? "?" : address)#\(id)\">\(range.rawValue)</a>"
    }
    return "<p class=\"tabs\">Last \(links.joined(by: " · "))</p>\n"
  }
}

/// A stretch of time in parts of equal length.
struct Past {
  let from: Int64
  /// Milliseconds of a part.
  let width: Int64
  let count: Int64

  /// The part of this stretch from one time to another, at least a second.
  static func between(_ from: Int64, _ until: Int64, count: Int64) -> Past {
    let length = max(1000, until - from)
    return Past(from: from, width: (length + count - 1) / count, count: count)
  }

  init(from: Int64, width: Int64, count: Int64) {
    self.from = max(0, from)
    self.width = width
    self.count = count
  }

  /// The question for it.
  var question: WireReadHistory {
    var question = WireReadHistory()
    question.fromMs = from
    question.untilMs = from + width * count
    question.parts = UInt32(count)
    return question
  }

  /// How many milliseconds of a part have passed.
  func passed(_ place: Int, _ now: WallTime) -> Double {
    Double(min(width, max(1, now.milliseconds - from - width * Int64(place))))
  }
}

/// What was in use of what workers have.
struct UsePictures {
  let past: Past
  let history: WireHistory
  let now: WallTime
  let workers: [WireWorkerRow]

  /// The pictures; nothing where there was nothing to use, nor anything used.
  var html: HTML {
    let both = [cpus, memory].filter { !$0.isEmpty }
    guard !both.isEmpty else { return "" }
    let note: HTML =
      history.cut ? "<p class=\"none\">More ran than is counted here.</p>\n" : ""
    return "<div class=\"pair\">\n\(both.joined())</div>\n\(note)"
  }

  private var cpus: HTML {
    let offered = workers.reduce(0) { $0 + $1.capacity.cpuMillis }
    return picture("CPUs in use", offered: offered) { part, passed in
      // Milliseconds of processors in milliseconds: thousandths of processors are wanted.
      Double(part.cpuMs) * 1000 / passed
    } words: {
      // Two digits behind the point are enough to see.
      Quantity.text(cpuMillis: ($0 + 5) / 10 * 10)
    }
  }

  private var memory: HTML {
    let offered = workers.reduce(0) { $0 + $1.capacity.memoryBytes }
    return picture("Memory in use", offered: offered) { part, passed in
      Double(part.memoryByteSeconds) * 1000 / passed
    } words: {
      Quantity.text(bytes: $0)
    }
  }

  private func picture(
    _ name: String, offered: UInt64, held: (WireHistoryPart, _ passed: Double) -> Double,
    words: (UInt64) -> String
  ) -> HTML {
    let values = history.parts.enumerated().map { place, part in
      held(part, past.passed(place, now))
    }
    func text(_ value: Double) -> String { words(UInt64(max(0, min(value, 0x1p62)).rounded())) }
    let bars = values.map { value in
      TimeBars.Bar(
        layers: [TimeBars.Layer(value: value, state: "running")], title: text(value))
    }
    // The part that has begun weighs as much as has passed of it.
    let weights = values.indices.map { past.passed($0, now) }
    let all = weights.reduce(0, +)
    let mean = zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / max(all, 1)
    let sentence =
      "\(text(mean)) on average, \(text(values.max() ?? 0)) at most; "
      + "workers have \(words(offered))"
    return TimeBars(bars, from: past.from, width: past.width, most: Double(offered), mark: text)
      .html(name, sentence)
  }
}

/// How the tasks of a job went, where they are too many for a bar each.
struct TaskPictures {
  let past: Past
  let history: WireHistory
  let now: WallTime

  /// The pictures; nothing where nothing has started.
  var html: HTML {
    guard history.parts.contains(where: { $0.attemptMs > 0 || !$0.ended.isEmpty }) else {
      return ""
    }
    let note: HTML =
      history.cut ? "<p class=\"none\">There were more attempts than are counted here.</p>\n" : ""
    return "<div class=\"pair\">\n\(running)\(ended)</div>\n\(note)"
  }

  private var running: HTML {
    let values = history.parts.enumerated().map { place, part in
      Double(part.attemptMs) / past.passed(place, now)
    }
    func text(_ value: Double) -> String { Quantity.text(cpuMillis: UInt64(value * 10) * 100) }
    let bars = zip(values, history.parts).map { value, part in
      TimeBars.Bar(
        layers: [TimeBars.Layer(value: value, state: "running")],
        title: "\(text(value)) at once, \(part.started) started")
    }
    return TimeBars(bars, from: past.from, width: past.width, mark: text)
      .html("Running at once", "\(text(values.max() ?? 0)) at most")
  }

  private var ended: HTML {
    var all: [TaskState: UInt64] = [:]
    let bars = history.parts.map { part in
      let counts = part.ended.compactMap { count in
        (try? TaskState(wire: count.state)).map { (state: $0, count: count.count) }
      }
      for (state, count) in counts { all[state, default: 0] += UInt64(count) }
      return TimeBars.Bar(
        layers: counts.map { TimeBars.Layer(value: Double($0.count), state: $0.state.word) },
        title: counts.isEmpty
          ? "none"
          : counts.map { "\($0.count) \($0.state.word)" }
            .joined(separator: ", "))
    }
    let words = TaskState.allCases.filter { all[$0, default: 0] > 0 }
      .map { "\(all[$0, default: 0]) \($0.word)" }.joined(separator: ", ")
    return TimeBars(bars, from: past.from, width: past.width) { "\(UInt64($0))" }
      .html("Attempts that ended", words)
  }
}
