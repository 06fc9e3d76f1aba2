import FlusterCore

/// The table `worker`: the last registration of each.
enum WorkerColumns {
  static let all =
    "id, owner, incarnation, boot, cpu_millis, memory_bytes, resources, lacks, software"
  static let upsert = "INSERT OR REPLACE INTO worker (\(all)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

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
  }

  static func worker(_ row: inout Row) -> WorkerRecord {
    WorkerRecord(
      id: WorkerID(row.text()), owner: UserID(row.number()), incarnation: row.attemptUID(),
      boot: row.text(),
      capacity: Amounts(cpuMillis: row.word(), memoryBytes: row.word(), named: row.amounts()),
      lacks: row.texts(), software: row.text())
  }
}
