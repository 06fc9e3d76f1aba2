import FlusterCore

/// The table `worker`: the last registration of each.
enum WorkerColumns {
  static let all =
    """
    id, owner, incarnation, boot, cpu_millis, memory_bytes, resources, lacks, software,
    attributes, address, lease, personal
    """
  /// Whether it is drained is not the worker's to say, and stays.
  static let upsert: String = {
    let columns = all.split(separator: ",").map { $0.drop { $0 == " " || $0 == "\n" } }
    let places = columns.map { _ in "?" }.joined(separator: ", ")
    let changes = columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    return "INSERT INTO worker (\(all)) VALUES (\(places)) ON CONFLICT DO UPDATE SET \(changes)"
  }()

  static func put(_ worker: WorkerRecord, into parameters: inout Parameters) {
    parameters.put(worker.id.name)
    parameters.put(worker.owner.number)
    parameters.put(worker.incarnation)
    parameters.put(worker.boot)
    parameters.put(worker.capacity.cpuMillis)
    parameters.put(worker.capacity.memoryBytes)
    parameters.put(Packed.amounts(worker.capacity.named))
    parameters.put(Packed.texts(worker.lacks))
    parameters.put(worker.software)
    parameters.put(Packed.attributes(worker.attributes))
    parameters.put(worker.address)
    parameters.put(worker.lease?.milliseconds)
    parameters.put(worker.isPersonal)
  }

  static func worker(_ row: inout Row) -> WorkerRecord {
    WorkerRecord(
      id: WorkerID(row.text()), owner: UserID(row.number()), incarnation: row.attemptUID(),
      boot: row.text(),
      capacity: Amounts(cpuMillis: row.word(), memoryBytes: row.word(), named: row.amounts()),
      lacks: row.texts(), software: row.text(), attributes: row.attributes(), address: row.text(),
      lease: row.optionalWord().map { Span(milliseconds: $0) },
      isPersonal: row.flag())
  }
}
