import FlusterCore

/// A page: what is on it, and what stands around that on every page.
struct Page {
  /// What stands in the title bar, before the name of the instance.
  let title: String
  let main: HTML
  /// Jobs whose events change it; nil: any event may.
  var jobs: Set<UInt64>?

  init(_ title: String, jobs: Set<UInt64>? = nil, _ main: HTML) {
    self.title = title
    self.main = main
    self.jobs = jobs
  }

  private static let places: [(path: String, word: String)] = [
    ("", "Overview"), ("queue", "Queue"), ("jobs", "Jobs"), ("workers", "Workers"),
    ("users", "Users"), ("endpoints", "Endpoints"),
  ]

  /// The whole document. `path` marks where in the menu one is; `instance` says whose it is. A page
  /// that `isLive` is kept up to date by its script.
  func document(path: [String], instance: String, isLive: Bool) -> HTML {
    let here = path.first.map { $0 == "job" ? "jobs" : $0 == "worker" ? "workers" : $0 } ?? ""
    let menu = Self.places.map { place -> HTML in
      let current: HTML = place.path == here ? " aria-current=\"page\"" : ""
      return "<a href=\"/\(place.path)\"\(current)>\(place.word)</a>\n"
    }.joined()
    let live: HTML = isLive ? " data-live=\"\(digest)\"" : ""
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <title>\(title) – Fluster</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <link rel="icon" href="/icon.svg" type="image/svg+xml">
      <link rel="stylesheet" href="/style.css">
      <script src="/script.js" defer></script>
      </head>
      <body>
      <a class="skip" href="#main">To the content</a>
      <header>
      <span class="brand">Fluster <small>\(instance)</small></span>
      <nav aria-label="Pages">
      \(menu)</nav>
      <span class="live" id="live" role="status"></span>
      </header>
      <main id="main"\(live)>
      \(main)
      </main>
      </body>
      </html>

      """
  }

  /// By which a stream knows whether the page that a browser has is the present one.
  var digest: String {
    SHA256.hash(main.bytes).prefix(8).map { String(Int($0) + 256, radix: 16).dropFirst() }.joined()
  }
}
