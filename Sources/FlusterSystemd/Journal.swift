import CSystemd
import Glibc

/// The journal of systemd.
package enum Journal {
  /// Hands journald one entry: fields, each `NAME=value`, whose values may have any bytes.
  ///
  /// May block while journald is busy, and says nothing when it fails. Any thread.
  package static func send(_ fields: [[UInt8]]) {
    // All in one buffer that outlives the call.
    var flat = fields.flatMap { $0 }
    flat.withUnsafeMutableBytes { buffer in
      var offset = 0
      let vectors = fields.map { field in
        defer { offset += field.count }
        return iovec(iov_base: buffer.baseAddress?.advanced(by: offset), iov_len: field.count)
      }
      _ = sd_journal_sendv(vectors, Int32(vectors.count))
    }
  }
}
