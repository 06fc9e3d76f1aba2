import FlusterCore
package import FlusterProtocol

/// A band on a command line.
package enum BandArgument {
  /// `production`, `interactive` or `batch`; anything else is a usage error that names the option.
  package static func parse(_ option: String, _ word: String) throws(Failure) -> WireBand {
    guard let band = Band.allCases.first(where: { $0.word == word }) else {
      throw .usage("\(option) takes production, interactive or batch, not \"\(word)\"")
    }
    return WireBand(band)
  }
}
