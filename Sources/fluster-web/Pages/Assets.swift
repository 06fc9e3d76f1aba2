/// The files that pages need beside themselves.
enum Assets {
  static let style = Response(.ok, .style, Array(css.utf8))
  static let script = Response(.ok, .script, Array(javascript.utf8))
  static let icon = Response(.ok, .picture, Array(svg.utf8))
  /// What is shown here is nobody's to index.
  static let robots = Response(.ok, .text, Array("User-agent: *\nDisallow: /\n".utf8))

  private static let svg = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" \
    rx="3" fill="#2a5d9c"/><path d="M4 5h8M4 8h6M4 11h3" stroke="#fff" stroke-width="1.6" \
    stroke-linecap="round"/></svg>

    """
}
