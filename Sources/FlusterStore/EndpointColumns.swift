import FlusterCore

/// The table `endpoint`: those of open attempts.
enum EndpointColumns {
  static let all = "attempt, name, address, metadata"
  static let upsert = """
    INSERT INTO endpoint (\(all)) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET metadata = excluded.metadata
    """

  static func put(_ endpoint: Endpoint, into parameters: inout Parameters) {
    parameters.put(endpoint.attempt)
    parameters.put(endpoint.name)
    parameters.put(endpoint.address)
    parameters.put(Packed.texts(endpoint.metadata.flatMap { [$0.key, $0.value] }))
  }

  static func endpoint(_ row: inout Row) -> Endpoint {
    let (attempt, name, address) = (row.attemptUID(), row.text(), row.text())
    let texts = row.texts()
    let pairs = stride(from: 0, to: texts.count - texts.count % 2, by: 2).map {
      Endpoint.Property(key: texts[$0], value: texts[$0 + 1])
    }
    return row.checked(
      texts.count % 2 == 0
        ? Endpoint(attempt: attempt, name: name, address: address, metadata: pairs) : nil,
      otherwise: Endpoint(attempt: attempt, name: name, address: address))
  }
}
