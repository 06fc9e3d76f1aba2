extension Golden {
  /// Jobs that bring what they run.
  static let scripts: [Golden] = [
    Golden(
      description: "a submit of a script",
      text: #"""
        request: 12
        submit {
          job {
            name: "job.sh"
            launch {
              argv: "/bin/sh"
              argv: "job.sh"
              argv: "a"
              directory: "/"
              script {
                word: 1
                bytes: 5
              }
            }
            script: "true\n"
          }
        }
        """#,
      hex: """
        080c52301a2e0a066a6f622e73684a1d0a072f62696e2f73680a066a6f622e73680a016112012f62040801\
        10057205747275650a
        """),
    Golden(
      description: "a question for the script of the newest job",
      text: #"""
        request: 13
        read_script {
          job {
            newest: true
          }
        }
        """#,
      hex: "080d9203040a021801"),
    Golden(
      description: "the script",
      text: #"""
        request: 13
        script {
          script: "true\n"
        }
        """#,
      hex: "080d9a03070a05747275650a"),
  ]
}
