extension Golden {
  /// What chooses among jobs beside selectors, and what is remembered of one.
  static let choices: [Golden] = [
    Golden(
      description: "a list of another user's jobs",
      text: #"""
        request: 3
        list {
          names: "a*"
          user: 1001
          since_ms: 1795426215000
        }
        """#,
      hex: """
        0803620e4a02612a50e90758d8c8f7bda034
        """),
    Golden(
      description: "a kill of another user's jobs",
      text: #"""
        request: 6
        kill {
          selectors {
            name_glob: "*"
          }
          user: 1001
        }
        """#,
      hex: """
        08068201080a0312012a28e907
        """),
    Golden(
      description: "a job with a comment",
      text: #"""
        request: 7
        submit {
          job {
            name: "x"
            launch {
              argv: "true"
              directory: "/"
              comment: "kept"
            }
          }
        }
        """#,
      hex: """
        080752171a150a01784a100a047472756512012f9201046b657074
        """),
  ]
}
