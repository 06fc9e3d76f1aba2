extension Golden {
  /// What is changed of jobs, and what else their owners ask for.
  static let changes: [Golden] = [
    Golden(
      description: "a new priority",
      text: #"""
        request: 5
        set {
          selectors {
            tasks {
              job: 42
            }
          }
          verb: PRIORITY
          priority: -5
        }
        """#,
      hex: """
        08058a010a0a040a02082a10031809
        """),
    Golden(
      description: "a new band",
      text: #"""
        request: 5
        set {
          selectors {
            newest: true
          }
          verb: CHANGE_BAND
          band: BATCH
        }
        """#,
      hex: """
        08058a01080a02180110042003
        """),
    Golden(
      description: "a new time limit",
      text: #"""
        request: 5
        set {
          selectors {
            key: "nightly"
          }
          verb: TIME_LIMIT
          time_limit_ms: 7200000
        }
        """#,
      hex: """
        08058a01120a0922076e696768746c7910052880bab703
        """),
    Golden(
      description: "another size of memory",
      text: #"""
        request: 5
        set {
          selectors {
            name_glob: "train-*"
          }
          verb: MEMORY
          memory_bytes: 1073741824
        }
        """#,
      hex: """
        08058a01130a091207747261696e2d2a1006308080808004
        """),
  ]
}
