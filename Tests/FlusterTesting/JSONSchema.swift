/// As much of JSON Schema 2020-12 as contrib/fluster.schema.json uses; a keyword that is not
/// understood is a violation, so that none is passed over.
package struct JSONSchema {
  private let root: ParsedJSON

  /// The schema that a text is.
  package init(_ text: String) throws { root = try ParsedJSON(text) }

  /// The names below `$defs`.
  package var definitions: [ParsedJSON.Member] { root["$defs"]?.members ?? [] }

  /// What is wrong with `value` as one of what `definition` describes; empty if nothing is.
  package func violations(of value: ParsedJSON, as definition: String) -> [String] {
    guard let schema = root["$defs"]?[definition] else { return ["there is no \(definition)"] }
    var keys: Set<String> = []
    return check(value, schema, at: definition, &keys)
  }

  /// Each key of each definition with its type, as `array.first count`, and the definitions that
  /// one takes in, as `job + options`.
  package var keys: [String] {
    definitions.flatMap { definition in
      (definition.value["allOf"]?.elements ?? []).map { "\(definition.key) + \(type(of: $0))" }
        + (definition.value["properties"]?.members ?? []).map {
          "\(definition.key).\($0.key) \(type(of: $0.value))"
        }
    }
  }

  /// The names of all keys, wherever they are.
  package var names: Set<String> {
    Set(
      definitions.flatMap { definition in
        (definition.value["properties"]?.members ?? []).map(\.key)
      })
  }

  private static func name(_ reference: String) -> String {
    String(reference.split(separator: "/").last ?? "")
  }

  // MARK: Checking

  private func check(
    _ value: ParsedJSON, _ schema: ParsedJSON, at path: String, _ known: inout Set<String>
  ) -> [String] {
    var found: [String] = []
    for keyword in schema.members ?? [] {
      switch keyword.key {
      case "$ref":
        let name = Self.name(keyword.value.string ?? "")
        guard let target = root["$defs"]?[name] else {
          found.append("\(path): no definition \(name)")
          continue
        }
        found += check(value, target, at: path, &known)
      case "allOf":
        for part in keyword.value.elements ?? [] { found += check(value, part, at: path, &known) }
      case "type":
        if !Self.isOfType(value, keyword.value.string ?? "") {
          found.append("\(path): \(value) is no \(keyword.value.string ?? "")")
        }
      case "properties":
        for member in value.members ?? [] {
          guard let schema = keyword.value[member.key] else { continue }
          known.insert(member.key)
          var below: Set<String> = []
          found += check(member.value, schema, at: "\(path).\(member.key)", &below)
        }
      case "items":
        for element in value.elements ?? [] {
          var below: Set<String> = []
          found += check(element, keyword.value, at: "\(path)[]", &below)
        }
      case "additionalProperties", "unevaluatedProperties":
        for member in value.members ?? [] where !known.contains(member.key) {
          var below: Set<String> = []
          found +=
            keyword.value == .bool(false)
            ? ["\(path): the key \(member.key) is not known"]
            : check(member.value, keyword.value, at: "\(path).\(member.key)", &below)
        }
      default: found += checkPlain(value, keyword, at: path)
      }
    }
    return found
  }

  private func checkPlain(
    _ value: ParsedJSON, _ keyword: ParsedJSON.Member, at path: String
  ) -> [String] {
    let isMet: Bool
    switch keyword.key {
    case "required":
      let missing = (keyword.value.elements ?? []).compactMap(\.string).filter { value[$0] == nil }
      return missing.map { "\(path): the key \($0) is missing" }
    case "const": isMet = value == keyword.value
    case "enum": isMet = keyword.value.elements?.contains(value) == true
    case "minimum": isMet = (value.double ?? 0) >= (keyword.value.double ?? 0)
    case "maximum": isMet = (value.double ?? 0) <= (keyword.value.double ?? 0)
    case "pattern":
      isMet = (try? Regex(keyword.value.string ?? "").wholeMatch(in: value.string ?? "")) != nil
    default: return ["\(path): the keyword \(keyword.key) is not understood"]
    }
    return isMet ? [] : ["\(path): \(value) does not meet \(keyword.key) \(keyword.value)"]
  }

  private static func isOfType(_ value: ParsedJSON, _ type: String) -> Bool {
    switch (value, type) {
    case (.object, "object"), (.array, "array"), (.string, "string"), (.bool, "boolean"),
      (.number, "number"):
      true
    case (.number, "integer"): value.integer != nil
    default: false
    }
  }

  // MARK: Keys

  /// Of what has a definition its name, which says more than `integer`.
  private func type(of schema: ParsedJSON) -> String {
    if let name = schema["$ref"]?.string.map(Self.name) { return name }
    if let items = schema["items"] { return "array of \(type(of: items))" }
    if let others = schema["additionalProperties"], others.members != nil {
      return "map of \(type(of: others))"
    }
    return schema["type"]?.string ?? "constant"
  }
}
