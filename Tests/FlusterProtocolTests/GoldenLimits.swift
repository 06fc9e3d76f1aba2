extension Golden {
  /// What the kernel counts.
  static let limits: [Golden] = [
    Golden(
      description: "what an attempt had to wait for",
      text: #"""
        observed {
          observations {
            uid: "sixteen.bytes..!"
            kind: FINISHED
            at_ms: 1700000000000
            outcome {
              cause: MEMORY_LIMIT
              signal: 9
              usage {
                cpu_stall_us: 7
                memory_stall_us: 8
                io_stall_us: 9
                throttled_us: 10
                peak_processes: 11
              }
            }
          }
        }
        """#,
      hex: """
        da022f1a2d0a107369787465656e2e62797465732e2e2110041880d095ffbc312210080418093a0a\
        380740084809500a580b
        """)
  ]
}
