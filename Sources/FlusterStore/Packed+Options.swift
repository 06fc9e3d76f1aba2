import FlusterCore

/// What few jobs and workers have, as one blob; nothing at all for the others.
extension Packed {
  /// The kinds of entries in `options`: what is not there is as usual.
  fileprivate enum Option: UInt64 {
    case band = 1
    case priority = 2
    case maxFailures = 3
    case okStatuses = 4
    case finalStatuses = 5
    case scheduleTimeout = 6
    case gang = 7
    case tied = 8
    case dependencies = 9
    case begin = 10
    case deadline = 11
    case warning = 15
    case processLimit = 20
  }

  /// Kind and content, in turns; nil for the usual.
  static func options(_ options: JobOptions) -> [UInt8]? {
    var bytes: [UInt8] = []
    func begin(_ option: Option) { append(option.rawValue, to: &bytes) }
    if options.band != .interactive {
      begin(.band)
      append(UInt64(options.band.rawValue), to: &bytes)
    }
    if options.priority != 0 {
      begin(.priority)
      append(UInt64(UInt32(bitPattern: options.priority)), to: &bytes)
    }
    if let most = options.maxFailures {
      begin(.maxFailures)
      append(UInt64(most), to: &bytes)
    }
    for (option, statuses) in [
      (Option.okStatuses, options.okStatuses), (.finalStatuses, options.finalStatuses),
    ] where !statuses.isEmpty {
      begin(option)
      append(UInt64(statuses.count), to: &bytes)
      bytes += statuses
    }
    if let timeout = options.scheduleTimeout {
      begin(.scheduleTimeout)
      append(timeout.milliseconds, to: &bytes)
    }
    if let gang = options.gang {
      begin(.gang)
      append(gang.spread ? 1 : 0, to: &bytes)
      append(gang.groupBy == nil ? 0 : 1, to: &bytes)
      if let attribute = gang.groupBy { append(attribute, to: &bytes) }
    }
    if options.isTied { begin(.tied) }
    if !options.dependencies.isEmpty {
      begin(.dependencies)
      append(options.dependencies, to: &bytes)
    }
    for (option, time) in [(Option.begin, options.begin), (.deadline, options.deadline)] {
      guard let time else { continue }
      begin(option)
      append(UInt64(bitPattern: time.milliseconds), to: &bytes)
    }
    if let warning = options.warning {
      begin(.warning)
      append(UInt64(warning.signal), to: &bytes)
      append(warning.before.milliseconds, to: &bytes)
    }
    if let limit = options.processLimit {
      begin(.processLimit)
      append(limit, to: &bytes)
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// How many, then kind, job, whether it is about tasks, and the first and the last of these.
  private static func append(_ dependencies: [Dependency], to bytes: inout [UInt8]) {
    append(UInt64(dependencies.count), to: &bytes)
    for dependency in dependencies {
      append(UInt64(dependency.kind.rawValue), to: &bytes)
      append(dependency.target.job.number, to: &bytes)
      append(dependency.target.indices == nil ? 0 : 1, to: &bytes)
      guard let indices = dependency.target.indices else { continue }
      append(UInt64(indices.lowerBound), to: &bytes)
      append(UInt64(indices.upperBound), to: &bytes)
    }
  }

  /// Key, comparison, whether it must hold, and the values; nil for none.
  static func constraints(_ constraints: [Constraint]) -> [UInt8]? {
    guard !constraints.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for constraint in constraints {
      append(constraint.key, to: &bytes)
      append(UInt64(constraint.comparison.rawValue), to: &bytes)
      append(constraint.isHard ? 1 : 0, to: &bytes)
      append(UInt64(constraint.values.count), to: &bytes)
      for value in constraint.values { append(value, to: &bytes) }
    }
    return bytes
  }

  /// Name and value, in turns; nil for none.
  static func attributes(_ attributes: [Attribute]) -> [UInt8]? {
    guard !attributes.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for attribute in attributes {
      append(attribute.name, to: &bytes)
      append(attribute.value, to: &bytes)
    }
    return bytes
  }

  /// How many, then position and number of the first; nil for none.
  static func failures(_ failures: FailureTally) -> [UInt8]? {
    guard failures.count > 0 else { return nil }
    var bytes: [UInt8] = []
    append(UInt64(failures.count), to: &bytes)
    for attempt in failures.first {
      append(UInt64(attempt.position), to: &bytes)
      append(UInt64(attempt.number), to: &bytes)
    }
    return bytes
  }

  /// 0 and a text, or 1 and the bits of a number.
  private static func append(_ value: AttributeValue, to bytes: inout [UInt8]) {
    switch value {
    case .text(let text):
      append(0, to: &bytes)
      append(text, to: &bytes)
    case .number(let number):
      append(1, to: &bytes)
      append(number.bitPattern, to: &bytes)
    }
  }
}

extension Unpacker {
  mutating func options() -> JobOptions? {
    var options = JobOptions()
    while !isAtEnd {
      guard let option = number().flatMap({ Packed.Option(rawValue: $0) }),
        read(option, into: &options)
      else { return nil }
    }
    return options
  }

  private mutating func read(_ option: Packed.Option, into options: inout JobOptions) -> Bool {
    switch option {
    case .band:
      guard let band = small().flatMap({ Band(rawValue: $0) }) else { return false }
      options.band = band
    case .priority:
      guard let bits = word() else { return false }
      options.priority = Int32(bitPattern: bits)
    case .maxFailures:
      guard let most = word() else { return false }
      options.maxFailures = most
    case .okStatuses:
      guard let statuses = statuses() else { return false }
      options.okStatuses = statuses
    case .finalStatuses:
      guard let statuses = statuses() else { return false }
      options.finalStatuses = statuses
    case .scheduleTimeout:
      guard let span = number() else { return false }
      options.scheduleTimeout = Span(milliseconds: span)
    case .gang:
      guard let spread = flag(), let isGrouped = flag() else { return false }
      let attribute = isGrouped ? text() : nil
      guard isGrouped == (attribute != nil) else { return false }
      options.gang = Gang(groupBy: attribute, spread: spread)
    case .tied: options.isTied = true
    case .begin, .deadline:
      guard let time = number().map({ WallTime(milliseconds: Int64(bitPattern: $0)) }) else {
        return false
      }
      if option == .begin { options.begin = time } else { options.deadline = time }
    case .dependencies:
      guard let dependencies = dependencies() else { return false }
      options.dependencies = dependencies
    case .warning:
      guard let signal = small(), let before = number() else { return false }
      options.warning = Warning(signal: signal, before: Span(milliseconds: before))
    case .processLimit:
      guard let limit = number() else { return false }
      options.processLimit = limit
    }
    return true
  }

  private mutating func dependencies() -> [Dependency]? {
    guard let count = number(), count <= Dependency.most else { return nil }
    var found: [Dependency] = []
    for _ in 0..<count {
      guard let kind = small().flatMap({ Dependency.Kind(rawValue: $0) }), let job = number(),
        let isOfTasks = flag()
      else { return nil }
      var indices: ClosedRange<UInt32>?
      if isOfTasks {
        guard let first = word(), let last = word(), first <= last else { return nil }
        indices = first...last
      }
      found.append(Dependency(kind, Selection(job: JobID(job), indices: indices)))
    }
    return found
  }

  mutating func constraints() -> [Constraint]? {
    var constraints: [Constraint] = []
    while !isAtEnd {
      guard let key = text(),
        let comparison = small().flatMap({ Constraint.Comparison(rawValue: $0) }),
        let isHard = flag(), let count = number()
      else { return nil }
      var values: [AttributeValue] = []
      for _ in 0..<count {
        guard let value = value() else { return nil }
        values.append(value)
      }
      constraints.append(Constraint(key: key, comparison, values, isHard: isHard))
    }
    return constraints
  }

  mutating func attributes() -> [Attribute]? {
    var attributes: [Attribute] = []
    while !isAtEnd {
      guard let name = text(), let value = value() else { return nil }
      attributes.append(Attribute(name: name, value: value))
    }
    return attributes
  }

  mutating func failures() -> FailureTally? {
    guard !isAtEnd else { return FailureTally() }
    guard let count = word() else { return nil }
    var first: [FailureTally.Attempt] = []
    while !isAtEnd {
      guard let position = word(), let number = word() else { return nil }
      first.append(FailureTally.Attempt(position: position, number: number))
    }
    return FailureTally(count: count, first: first)
  }

  private mutating func value() -> AttributeValue? {
    guard let isNumber = flag() else { return nil }
    guard isNumber else { return text().map { .text($0) } }
    return number().map { .number(Double(bitPattern: $0)) }
  }

  private mutating func statuses() -> [UInt8]? {
    guard let count = number(), count <= 256 else { return nil }
    var statuses: [UInt8] = []
    for _ in 0..<count {
      guard let status = byte() else { return nil }
      statuses.append(status)
    }
    return statuses
  }

  private mutating func word() -> UInt32? { number().flatMap { UInt32(exactly: $0) } }

  private mutating func small() -> UInt8? { number().flatMap { UInt8(exactly: $0) } }

  private mutating func flag() -> Bool? { number().flatMap { $0 > 1 ? nil : $0 == 1 } }
}

extension Row {
  /// Nil for the usual.
  mutating func options() -> JobOptions? {
    checked(unpacked { $0.isAtEnd ? .some(nil) : $0.options().map { $0 } }, otherwise: nil)
  }

  mutating func constraints() -> [Constraint] {
    checked(unpacked { $0.constraints() }, otherwise: [])
  }

  mutating func attributes() -> [Attribute] {
    checked(unpacked { $0.attributes() }, otherwise: [])
  }

  /// Nil for none.
  mutating func failures() -> FailureTally? {
    checked(unpacked { $0.isAtEnd ? .some(nil) : $0.failures().map { $0 } }, otherwise: nil)
  }
}
