import FlusterCore
import FlusterProtocol

extension Daemon {
  /// ListUsers: what everybody has here, or the caller.
  func listUsers(_ request: Request) {
    let peer = request.peer
    guard userListings.values.count(where: { $0.request.peer.uid == peer.uid }) < Listing.limit
    else {
      return refuse(
        request,
        Refusal(
          .resourceExhausted, "uid \(peer.uid) has too many listings under way",
          wayOut: "read their answers first"))
    }
    let owner = peer.caller.isAdministrator ? nil : peer.uid
    var listing = UserListing(request: request, jobs: live.ids(of: owner), owner: owner)
    if let owner { listing.tallies[owner] = UserListing.Tally() }
    userListings[request.id] = listing
    keep(request, as: .read)
  }
}
