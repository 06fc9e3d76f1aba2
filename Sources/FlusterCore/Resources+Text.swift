/// Resources as people read them, in the sentences of reasons and refusals.
extension Requirement: CustomStringConvertible {
  /// `4 cpus, 64G, 2 gpu`.
  package var description: String {
    let memory = memoryBytes.map { [Quantity.text(bytes: $0)] } ?? []
    return
      ([Quantity.words(cpuMillis: cpuMillis)] + memory + named.map { "\($0.count) \($0.name)" })
      .joined(separator: ", ")
  }
}

extension Amounts: CustomStringConvertible {
  /// `4 cpus, 64G, 2 gpu`.
  package var description: String {
    ([Quantity.words(cpuMillis: cpuMillis), Quantity.text(bytes: memoryBytes)]
      + named.map { "\($0.count) \($0.name)" })
      .joined(separator: ", ")
  }

  /// What of the charge for `needs` is not covered here: what is needed of it, and what there is.
  /// Memory that nobody asked for is only named where nothing else is short.
  func shortfall(of needs: Requirement, on capacity: Amounts) -> (need: String, have: String) {
    let charge = needs.charge(on: capacity)
    var need: [String] = []
    var have: [String] = []
    if charge.cpuMillis > cpuMillis {
      need.append(Quantity.words(cpuMillis: charge.cpuMillis))
      have.append(Quantity.words(cpuMillis: cpuMillis))
    }
    for amount in charge.named where amount.count > count(of: amount.name) {
      need.append("\(amount.count) \(amount.name)")
      have.append("\(count(of: amount.name)) \(amount.name)")
    }
    if charge.memoryBytes > memoryBytes && (needs.memoryBytes != nil || need.isEmpty) {
      let (wanted, there) = (charge.memoryBytes, memoryBytes)
      let texts = (Quantity.text(bytes: wanted), Quantity.text(bytes: there))
      // What differs by less than is written is written exactly.
      need.append(texts.0 == texts.1 ? "\(wanted)B" : texts.0)
      have.append(texts.0 == texts.1 ? "\(there)B" : texts.1)
    }
    return (need.joined(separator: ", "), have.joined(separator: ", "))
  }
}
