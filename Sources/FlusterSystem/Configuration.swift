import Glibc

/// A configuration that is refused, with the file and line that are to blame.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `/etc/fluster/fluster.conf:3`, or the path alone.
  package let origin: String
  package let reason: String

  /// What is wrong at `origin`.
  package init(origin: String, reason: String) {
    self.origin = origin
    self.reason = reason
  }

  package var description: String { "\(origin): \(reason)" }
}

/// What `fluster.conf` and its drop-ins say: sections of `Key=value` lines.
///
/// An empty value takes back what was said before it, as in systemd's files.
package struct Configuration: Sendable {
  /// A value and where it stands.
  package struct Value: Hashable, Sendable {
    package let text: String
    package let file: String
    package let line: Int

    package var origin: String { "\(file):\(line)" }

    /// The error that refuses this value.
    package func refused(_ reason: String) -> ConfigurationError {
      ConfigurationError(origin: origin, reason: reason)
    }
  }

  private struct Name: Hashable, Sendable {
    let section: String
    let key: String
  }

  private var values: [Name: [Value]] = [:]

  /// A configuration that says nothing.
  package init() {}

  /// Reads `path`, then `PATH.d/*.conf` in the order of their names; later values win, or add up
  /// in lists. Neither has to exist.
  ///
  /// A section or key that is not in `sections`, a line that is none, or a file that cannot be
  /// read is refused; so is, with `owner`, a file of somebody else or that others may write.
  package static func load(
    path: String, sections: [String: Set<String>], owner: UInt32? = nil
  ) throws(ConfigurationError) -> Configuration {
    var configuration = Configuration()
    for file in try [path] + dropIns("\(path).d") {
      guard let text = try contents(file, owner: owner) else { continue }
      try configuration.add(text, file: file, sections: sections)
    }
    return configuration
  }

  /// The last value of a key; nil if there is none.
  package func string(_ section: String, _ key: String) -> Value? {
    values[Name(section: section, key: key)]?.last
  }

  /// All values of a key that may be repeated, one for each line, in order.
  package func list(_ section: String, _ key: String) -> [Value] {
    values[Name(section: section, key: key)] ?? []
  }

  /// The same, with each line split at white space.
  package func words(_ section: String, _ key: String) -> [Value] {
    list(section, key).flatMap { value in
      value.text.split(whereSeparator: \.isWhitespace).map {
        Value(text: String($0), file: value.file, line: value.line)
      }
    }
  }

  /// Adds the text of one file.
  package mutating func add(
    _ text: String, file: String, sections: [String: Set<String>]
  ) throws(ConfigurationError) {
    var section: String?
    // Split as bytes: a line feed after a carriage return is one character otherwise.
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, bytes) in lines.enumerated() {
      let origin = "\(file):\(index + 1)"
      let line = trimmed(Substring(bytes))
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("[") {
        section = try Configuration.section(line, origin: origin, known: sections)
        continue
      }
      guard let equals = line.firstIndex(of: "=") else {
        throw ConfigurationError(origin: origin, reason: "expected Key=value or [Section]")
      }
      guard let section, let keys = sections[section] else {
        throw ConfigurationError(origin: origin, reason: "this line is in no section")
      }
      let name = Name(section: section, key: trimmed(line[..<equals]))
      guard keys.contains(name.key) else {
        throw ConfigurationError(
          origin: origin, reason: "unknown key \"\(name.key)\" in section [\(section)]")
      }
      let value = trimmed(line[line.index(after: equals)...])
      if value.isEmpty {
        values[name] = nil
      } else {
        values[name, default: []].append(Value(text: value, file: file, line: index + 1))
      }
    }
  }

  private static func section(
    _ line: String, origin: String, known: [String: Set<String>]
  ) throws(ConfigurationError) -> String {
    guard line.hasSuffix("]") else {
      throw ConfigurationError(origin: origin, reason: "expected \"]\" at the end of the line")
    }
    let name = String(line.dropFirst().dropLast())
    guard known[name] != nil else {
      throw ConfigurationError(origin: origin, reason: "unknown section [\(name)]")
    }
    return name
  }

  private static func dropIns(_ directory: String) throws(ConfigurationError) -> [String] {
    do throws(SystemError) {
      return try Files.names(in: directory).filter { $0.hasSuffix(".conf") && !$0.hasPrefix(".") }
        .map { "\(directory)/\($0)" }
    } catch {
      if error.errno == ENOENT { return [] }
      throw ConfigurationError(origin: directory, reason: SystemError.reason(error.errno))
    }
  }

  /// The text of a file; nil if there is none.
  private static func contents(
    _ path: String, owner: UInt32?
  ) throws(ConfigurationError) -> String? {
    let bytes: [UInt8]
    do throws(SystemError) {
      let file = try Files.open(path, O_RDONLY)
      if let owner { try refuse(file, notOf: owner, path: path) }
      bytes = try file.contents(limit: 1 << 20, what: path)
    } catch {
      if error.errno == ENOENT { return nil }
      let reason =
        error.errno == EPERM
        ? "must belong to uid \(owner ?? 0) and be writable by nobody else"
        : SystemError.reason(error.errno)
      throw ConfigurationError(origin: path, reason: reason)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(origin: path, reason: "is not UTF-8 text")
    }
    return text
  }

  private static func refuse(
    _ file: Descriptor, notOf owner: UInt32, path: String
  ) throws(SystemError) {
    var status = stat()
    guard fstat(file.raw, &status) == 0 else { throw SystemError.last("look at \(path)") }
    guard status.st_uid == owner, status.st_mode & 0o022 == 0 else {
      throw SystemError(call: "trust \(path)", errno: EPERM)
    }
  }
}

private func trimmed(_ text: Substring) -> String {
  let start = text.drop { $0.isWhitespace }
  guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
  return String(start[...end])
}
