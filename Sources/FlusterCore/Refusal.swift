/// The closed set of reasons to say no; the same on the wire.
package enum RefusalCode: UInt8, Sendable, CaseIterable {
  case invalidArgument = 1
  case notFound = 2
  case alreadyExists = 3
  case failedPrecondition = 4
  case permissionDenied = 5
  case resourceExhausted = 6
  case unavailable = 7
  case unimplemented = 8
  case deadlineExceeded = 9
  case `internal` = 10
}

/// A request was understood and is not carried out. Nothing has changed.
package struct Refusal: Error, Hashable, Sendable {
  package let code: RefusalCode
  /// One lower-case sentence that names the object.
  package let message: String
  /// What the caller can do about it; empty where there is nothing.
  package let wayOut: String

  /// No, because.
  package init(_ code: RefusalCode, _ message: String, wayOut: String = "") {
    self.code = code
    self.message = message
    self.wayOut = wayOut
  }
}
