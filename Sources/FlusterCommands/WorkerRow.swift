package import FlusterClient
package import FlusterCore
package import FlusterProtocol

extension WireWorkerRow {
  /// `2/8`: free of all there is.
  var cpusText: String {
    guard hasCapacity else { return "" }
    let free = Quantity.text(cpuMillis: self.free.cpuMillis)
    return "\(free)/\(Quantity.text(cpuMillis: capacity.cpuMillis))"
  }

  /// `41G/128G`: free of all there is.
  var memoryText: String {
    guard hasCapacity else { return "" }
    let free = Quantity.text(bytes: self.free.memoryBytes)
    return "\(free)/\(Quantity.text(bytes: capacity.memoryBytes))"
  }

  /// `gpu 1/2`: free of all there is.
  var resourcesText: String {
    capacity.resources.map { all in
      let free = self.free.resources.first { $0.name == all.name }?.count ?? 0
      return "\(all.name) \(free)/\(all.count)"
    }.joined(separator: ", ")
  }

  var attributesText: String {
    attributes.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }

  /// What more there is to say about its state.
  package var reasonText: String {
    if !ailment.isEmpty { return ailment }
    return drained && state != "drained" ? "drained" : ""
  }

  var colour: Table.Colour? {
    switch state {
    case "ready": .green
    case "drained", "unwell": .yellow
    case "silent", "away", "missing": .red
    default: nil
    }
  }

  /// Tasks that are not listed: others', or too many.
  package var hidden: Int { max(0, Int(openAttempts) - tasks.count) }

  /// The lines of `fluster-ctl workers -l`.
  func detail(now: WallTime, _ users: inout UserNames) -> [String] {
    var lines = ["worker \(id): \(state)"]
    func add(_ label: String, _ value: String) {
      guard !value.isEmpty else { return }
      let pad = String(repeating: " ", count: max(1, 12 - label.count))
      lines.append("  \(label):\(pad)\(value)")
    }
    add("reason", reasonText)
    if hasCapacity {
      add("cpus", "\(cpusText) free")
      add("mem", "\(memoryText) free")
    }
    add("resources", resourcesText)
    add("attributes", attributesText)
    add("address", address)
    add("lacks", lacks.joined(separator: ", "))
    add("software", software)
    add("boot", boot)
    if pid != 0 { add("pid", "\(pid)") }
    if hasIsAlive, !isAlive { add("process", "has ended") }
    if hasShimIsAlive, !shimIsAlive { add("shim", "has ended: what it ran is not there any more") }
    if personal { add("personal", "takes jobs of its own user only") }
    if hasLeaseMs { add("lease", Quantity.text(milliseconds: leaseMs)) }
    for task in tasks {
      let ran = task.runTime(now: now).map { " for \($0)" } ?? ""
      let held =
        "cpus \(Quantity.text(cpuMillis: task.charge.cpuMillis)), "
        + "mem \(Quantity.text(bytes: task.charge.memoryBytes))"
      lines.append(
        "  task \(task.id) (\(task.name)) of \(users.name(of: task.uid)): "
          + "\(task.state.word)\(ran), \(held)")
    }
    if hidden > 0 { lines.append("  \(hidden) more \(hidden == 1 ? "task" : "tasks")") }
    return lines
  }

  /// A line of `--json`.
  package func json(withTasks: Bool, _ users: inout UserNames) -> JSONObject {
    var object = JSONObject.line
    object.set("id", .string(id))
    object.set("state", .string(state))
    object.set("connected", .bool(connected))
    object.set("drained", .bool(drained))
    if !ailment.isEmpty { object.set("text", .string(ailment)) }
    if hasCapacity { object.set("total", capacity.json) }
    if hasFree { object.set("free", free.json) }
    object.set("open_attempts", .unsigned(UInt64(openAttempts)))
    var values = JSONObject()
    for attribute in attributes { values.set(attribute.key, .string(attribute.value)) }
    object.set("attributes", .object(values))
    object.set("lacks", .array(lacks.map(JSON.string)))
    if !address.isEmpty { object.set("address", .string(address)) }
    if !software.isEmpty { object.set("software", .string(software)) }
    if !boot.isEmpty { object.set("boot", .string(boot)) }
    if pid != 0 { object.set("pid", .unsigned(UInt64(pid))) }
    if hasIsAlive { object.set("alive", .bool(isAlive)) }
    if hasShimIsAlive { object.set("shim_alive", .bool(shimIsAlive)) }
    object.set("personal", .bool(personal))
    if hasLeaseMs { object.set("lease_seconds", .seconds(milliseconds: leaseMs)) }
    if withTasks { object.set("tasks", .array(tasks.map { .object($0.json(&users)) })) }
    return object
  }
}

extension WireWorkerTask {
  /// `42.7`, or `42` of a plain job.
  package var id: String { explicit ? "\(job).\(index)" : "\(job)" }

  /// How long it has run; nil: it has not started.
  package func runTime(now: WallTime) -> String? {
    guard hasStartedMs else { return nil }
    return Quantity.text(milliseconds: UInt64(max(0, now.milliseconds - startedMs)))
  }

  fileprivate func json(_ users: inout UserNames) -> JSONObject {
    var object = JSONObject()
    object.set("id", .string(id))
    object.set("job", .unsigned(job))
    if explicit { object.set("task", .unsigned(UInt64(index))) }
    object.set("name", .string(name))
    object.set("user", users.knownName(of: uid).map(JSON.string))
    object.set("uid", .unsigned(UInt64(uid)))
    object.set("state", .string(state.word))
    object.add(charge)
    if hasStartedMs { object.set("started_at", .time(WallTime(milliseconds: startedMs))) }
    return object
  }
}

extension WireNeeds {
  /// As an object of its own.
  var json: JSON {
    var object = JSONObject()
    object.add(self)
    return .object(object)
  }
}
