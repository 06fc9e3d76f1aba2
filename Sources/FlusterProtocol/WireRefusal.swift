package import FlusterCore

extension WireError.Code {
  /// The wire's number of a code.
  package init(_ code: RefusalCode) {
    switch code {
    case .invalidArgument: self = .invalidArgument
    case .notFound: self = .notFound
    case .alreadyExists: self = .alreadyExists
    case .failedPrecondition: self = .failedPrecondition
    case .permissionDenied: self = .permissionDenied
    case .resourceExhausted: self = .resourceExhausted
    case .unavailable: self = .unavailable
    case .unimplemented: self = .unimplemented
    case .deadlineExceeded: self = .deadlineExceeded
    case .internal: self = .internal
    }
  }
}

extension RefusalCode {
  /// The code of an error that came; what a newer side invented reads as internal, so that an error
  /// is never taken for anything but an error.
  package init(wire code: WireError.Code) {
    switch code {
    case .invalidArgument: self = .invalidArgument
    case .notFound: self = .notFound
    case .alreadyExists: self = .alreadyExists
    case .failedPrecondition: self = .failedPrecondition
    case .permissionDenied: self = .permissionDenied
    case .resourceExhausted: self = .resourceExhausted
    case .unavailable: self = .unavailable
    case .unimplemented: self = .unimplemented
    case .deadlineExceeded: self = .deadlineExceeded
    case .internal, .unspecified, .UNRECOGNIZED: self = .internal
    }
  }
}

extension WireError {
  /// A refusal for the wire.
  package init(_ refusal: Refusal) {
    self.init()
    code = Code(refusal.code)
    message = refusal.message
    wayOut = refusal.wayOut
  }
}

extension Refusal {
  /// A refusal that came. Never fails: an error about an error would help nobody.
  package init(wire: WireError) {
    self.init(
      RefusalCode(wire: wire.code),
      wire.message.isEmpty ? "the other side refused without a word" : wire.message,
      wayOut: wire.wayOut)
  }

  /// The request is wrong in itself: `sentence` names the field.
  static func invalid(_ sentence: String, wayOut: String = "") -> Refusal {
    Refusal(.invalidArgument, sentence, wayOut: wayOut)
  }
}
