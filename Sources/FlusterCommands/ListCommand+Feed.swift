import FlusterClient
import FlusterCore
import FlusterProtocol

extension ListCommand {
  /// Whether events are asked for, and not what there is.
  var isFeed: Bool { follow || cursor != nil }

  /// Prints events.
  func followFeed(_ voice: Voice) throws(Failure) -> Int32 {
    let request = try watch()
    if !selectors.isEmpty && request.selectors.isEmpty {
      voice.notice("no ids on standard input")
      return ExitStatus.done.rawValue
    }
    let form: EventPrinter.Form = output.json ? .json : talk.quiet ? .ids : .words
    var session = try session(voice)
    var feed = EventFeed(request, form, voice: voice)
    try feed.run(over: &session)
    return ExitStatus.done.rawValue
  }

  /// What is asked of flusterd.
  func watch() throws(Failure) -> WireWatch {
    let others = [
      ("-A", allAges), ("-l", long), ("--tasks", tasks), ("--state", !state.isEmpty),
      ("--since", since != nil), ("--name", !name.isEmpty), ("--user", user != nil),
      ("--sort", sort != nil), ("-o", !columns.isEmpty),
    ]
    if let (option, _) = others.first(where: \.1) {
      throw .usage("\(option) is about jobs, and --follow and --cursor are about events")
    }
    var watch = WireWatch()
    watch.selectors = try SelectorArgument.parse(all: selectors)
    watch.allUsers = allUsers
    watch.live = follow
    if let cursor {
      guard let cursor = FeedCursor(text: cursor) else {
        throw .usage(
          "--cursor: \"\(cursor)\" is no cursor",
          wayOut: "take it from a line of --json, or write start")
      }
      watch.after = WireCursor(cursor)
    }
    if let newest {
      guard cursor == nil else { throw .usage("-n and --cursor exclude each other") }
      watch.newest = try QuantityArgument.count("-n", newest, in: 1...UInt32.max)
    }
    return watch
  }
}
