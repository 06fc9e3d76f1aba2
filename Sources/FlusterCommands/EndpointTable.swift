package import FlusterClient
import FlusterCore
package import FlusterProtocol

/// What `fluster-endpoint ls` and `fluster-ctl endpoints` tell.
enum EndpointTable {
  /// Prints them on standard output.
  static func print(_ endpoints: [WireEndpoint], _ output: OutputOptions) throws(Failure) {
    if output.json { return try StandardStream.print(endpoints.flatMap(\.json.lineBytes)) }
    var table = Table(
      [Table.Column("NAME"), Table.Column("ADDRESS"), Table.Column("TASK", .right)]
        + [Table.Column("METADATA")])
    for endpoint in endpoints {
      let metadata = endpoint.metadata.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      table.add(
        [endpoint.name, endpoint.address, endpoint.task, metadata.isEmpty ? "-" : metadata]
          .map { Table.Cell($0) })
    }
    let text = table.takeText(header: !output.noHeader, width: StandardStream.output.width)
    try StandardStream.print(text)
  }
}

extension WireEndpoint {
  /// The task as users write it.
  package var task: String { explicit ? "\(job).\(index)" : "\(job)" }

  /// A line of fluster-endpoint --json.
  package var json: JSONObject {
    var object = JSONObject.line
    object.set("name", .string(name))
    object.set("address", .string(address))
    object.set("id", .string(task))
    object.set("job", .unsigned(job))
    if explicit { object.set("task", .unsigned(UInt64(index))) }
    object.set("attempt_uid", AttemptUID(bytes: attemptUid.array).map { .string($0.description) })
    var pairs = JSONObject()
    for attribute in metadata { pairs.set(attribute.key, .string(attribute.value)) }
    object.set("metadata", .object(pairs))
    return object
  }
}
