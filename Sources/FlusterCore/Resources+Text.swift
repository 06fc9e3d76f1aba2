/// Resources as people read them, in the sentences of reasons and refusals.
extension Requirement: CustomStringConvertible {
  /// `4 cpus, 64G, 2 gpu`.
  package var description: String {
    let memory = memoryBytes.map { [bytesText($0)] } ?? []
    return ([cpusText(cpuMillis)] + memory + named.map { "\($0.count) \($0.name)" })
      .joined(separator: ", ")
  }
}

extension Amounts: CustomStringConvertible {
  /// `4 cpus, 64G, 2 gpu`.
  package var description: String {
    ([cpusText(cpuMillis), bytesText(memoryBytes)] + named.map { "\($0.count) \($0.name)" })
      .joined(separator: ", ")
  }

  /// What of the charge for `needs` is not covered here: what is needed of it, and what there is.
  /// Memory that nobody asked for is only named where nothing else is short.
  func shortfall(of needs: Requirement, on capacity: Amounts) -> (need: String, have: String) {
    let charge = needs.charge(on: capacity)
    var need: [String] = []
    var have: [String] = []
    if charge.cpuMillis > cpuMillis {
      need.append(cpusText(charge.cpuMillis))
      have.append(cpusText(cpuMillis))
    }
    for amount in charge.named where amount.count > count(of: amount.name) {
      need.append("\(amount.count) \(amount.name)")
      have.append("\(count(of: amount.name)) \(amount.name)")
    }
    if charge.memoryBytes > memoryBytes && (needs.memoryBytes != nil || need.isEmpty) {
      need.append(bytesText(charge.memoryBytes))
      have.append(bytesText(memoryBytes))
    }
    return (need.joined(separator: ", "), have.joined(separator: ", "))
  }
}

/// `1 cpu`, `2.5 cpus`.
func cpusText(_ millis: UInt64) -> String {
  var text = String(millis / 1000)
  var rest = millis % 1000
  if rest > 0 {
    text += "."
    while rest > 0 {
      text += String(rest / 100)
      rest = rest % 100 * 10
    }
  }
  return text + (millis == 1000 ? " cpu" : " cpus")
}

/// The largest binary unit that gives at least 1, with one decimal where it says something.
func bytesText(_ bytes: UInt64) -> String {
  let units: [(String, UInt64)] = [("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
  guard let (unit, size) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes)B" }
  let tenths = bytes / (size / 10)
  let whole = bytes / size
  let decimal = whole < 10 ? min(tenths - whole * 10, 9) : 0
  return decimal == 0 ? "\(whole)\(unit)" : "\(whole).\(decimal)\(unit)"
}
