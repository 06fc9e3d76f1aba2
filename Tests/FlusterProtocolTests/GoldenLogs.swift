// Field by field what stands on the wire. The bytes were made by protoc, not by the code under
// test; a line that changes here is a protocol that has changed.

extension Golden {
  /// What is said about logs.
  static let logs: [Golden] = [
    Golden(
      description: "a submit whose output is read by the line",
      text: #"""
        request: 12
        submit {
          job {
            name: "tick"
            launch {
              argv: "date"
              directory: "/"
              timestamps: true
              journal: true
            }
          }
        }
        """#,
      hex: """
        080c52191a170a047469636b4a0f0a046461746512012f800101880101
        """),
    Golden(
      description: "a request for a log",
      text: #"""
        request: 6
        open_log {
          job: 42
          index: 7
          attempt: 0
          stderr: true
          uid: "sixteen.bytes..!"
          follow: true
          when_started: true
        }
        """#,
      hex: """
        080692011e082a1007180020012a107369787465656e2e62797465732e2e2130013801
        """),
    Golden(
      description: "an open log",
      text: #"""
        request: 6
        opened_log {
          pending: true
          path: "/tmp/out"
          ended: true
          attempt: 1
          attempts: 2
          descriptors: 2
        }
        """#,
      hex: """
        08069a0114080112082f746d702f6f75741801200128023002
        """),
  ]
}
