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
    Golden(
      description: "a list of two entries",
      text: #"""
        request: 15
        entries {
          entries: "one\000\000"
          begin: true
        }
        """#,
      hex: """
        080fa203090a056f6e6500001001
        """),
    Golden(
      description: "a submit with a task for each",
      text: #"""
        request: 16
        submit {
          job {
            name: "echo"
            array {
              first: 1
              step: 1
              count: 2
              explicit: true
            }
            launch {
              argv: "echo"
              argv: "{}"
              directory: "/"
              entries {
                bytes: 5
                hash: "thirty-two.bytes.thirty-two.byte"
                first_word: 1
              }
            }
          }
        }
        """#,
      hex: """
        081052491a470a046563686f120808011001180228014a350a046563686f0a027b7d12012f6a2608051220\
        7468697274792d74776f2e62797465732e7468697274792d74776f2e627974651801
        """),
    Golden(
      description: "the row of a task with its entry",
      text: #"""
        request: 17
        listing {
          tasks {
            job: 42
            index: 1
            explicit: true
            state: PENDING
            entry: "one"
          }
        }
        """#,
      hex: """
        08116a10120e082a1001180120018a01036f6e65
        """),
  ]
}
