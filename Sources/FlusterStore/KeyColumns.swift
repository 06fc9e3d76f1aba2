import FlusterCore

/// The columns of `job` that say under which key it was submitted, and which job it replaces.
enum KeyColumns {
  static let all = "key, key_digest, replaces"

  static func put(_ key: JobKey?, into parameters: inout Parameters) {
    guard let key else {
      for _ in 0..<3 { parameters.putNothing() }
      return
    }
    parameters.put(key.name)
    parameters.put(key.digest.value)
    parameters.put(key.replaces?.number)
  }

  /// Nil for a job without a key.
  static func key(_ row: inout Row) -> JobKey? {
    guard let name = row.optionalText() else {
      row.skip(2)
      return nil
    }
    let digest = RequestDigest(row.attemptUID())
    let replaces = row.optionalWord()
    return JobKey(name: name, digest: digest, replaces: replaces.map { JobID($0) })
  }
}
