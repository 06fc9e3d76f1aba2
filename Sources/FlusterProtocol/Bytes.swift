package import SwiftProtobuf

// The generated code holds bytes as FoundationEssentials' Data; the rest of Fluster holds them as
// arrays. These two members are the only bridge, so that nobody else needs to import anything.
extension SwiftProtobufContiguousBytes {
  /// The bytes of a wire field, copied from an array: `submit.token = .of(token.bytes)`.
  package static func of(_ bytes: [UInt8]) -> Self { Self(bytes) }

  /// A copy of a wire field's bytes: `Token(bytes: submit.token.array)`.
  package var array: [UInt8] { withUnsafeBytes { Array($0) } }
}
