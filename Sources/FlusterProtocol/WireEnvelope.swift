package import FlusterCore

extension WireEnvelope {
  /// An answer to, or a message under, the request number given; 0 for notices.
  package init(request: UInt64, _ body: OneOf_Body) {
    self.init()
    self.request = request
    self.body = body
  }

  /// No, because.
  package init(request: UInt64, _ refusal: Refusal) {
    self.init(request: request, .error(WireError(refusal)))
  }

  /// A whole frame, ready to be sent.
  ///
  /// Throws `FrameError.tooLong` for what the other side would refuse; a sender of lists splits
  /// them.
  package func frame() throws(FrameError) -> [UInt8] { try Frame.encode(self) }
}
