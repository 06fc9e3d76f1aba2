package import FlusterClient
package import FlusterProtocol

extension Session {
  /// All endpoints that a question is about, in flusterd's order.
  package mutating func endpoints(_ list: WireListEndpoints) throws(Failure) -> [WireEndpoint] {
    try persist { (connection, _) throws(CallError) in
      let number = try connection.ask(.listEndpoints(list))
      var found: [WireEndpoint] = []
      while true {
        switch try connection.answer(to: number, until: nil, promptly: true) {
        case .body(.endpoints(let page)): found += page.endpoints
        case .body(.done): return found
        case .timedOut: throw connection.silent()
        case .body: throw connection.unexpected()
        }
      }
    }
  }
}
