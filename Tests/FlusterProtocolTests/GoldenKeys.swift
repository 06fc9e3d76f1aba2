extension Golden {
  /// Submitting once.
  static let keys: [Golden] = [
    Golden(
      description: "a submit under a key",
      text: #"""
        request: 12
        submit {
          token: "sixteen.bytes..!"
          job {
            name: "backup"
            needs {
              cpu_millis: 1000
            }
            grace_ms: 5000
            launch {
              argv: "true"
              directory: "/"
            }
            once {
              key: "nightly"
              scope: LIVE
              if_exists: REPLACE
            }
          }
        }
        """#,
      hex: """
        080c523e0a107369787465656e2e62797465732e2e211a2a0a066261636b75701a0308e807388827\
        4a090a047472756512012f6a0d0a076e696768746c7910021803
        """),
    Golden(
      description: "a submit of a job that waits for others",
      text: #"""
        request: 15
        submit {
          token: "sixteen.bytes..!"
          job {
            name: "report"
            needs {
              cpu_millis: 1000
            }
            launch {
              argv: "true"
              directory: "/"
            }
            options {
              dependencies {
                kind: KIND_AFTER_OK
                selector {
                  tasks {
                    job: 42
                    first: 1
                    last: 9
                  }
                }
              }
              dependencies {
                kind: KIND_AFTER_FAIL
                selector {
                  name_glob: "build-*"
                }
              }
              begin_ms: 1800000000000
              deadline_ms: 1800000060000
            }
          }
        }
        """#,
      hex: """
        080f52590a107369787465656e2e62797465732e2e211a450a067265706f72741a0308e8074a090a\
        047472756512012f622b5a0c080212080a06082a100118095a0d0803120912076275696c642d2a60\
        80a0f1c2b13468e0f4f4c2b134
        """),
    Golden(
      description: "a wait for the job under a key",
      text: #"""
        request: 13
        wait {
          selectors {
            key: "nightly"
          }
        }
        """#,
      hex: """
        080d720b0a0922076e696768746c79
        """),
    Golden(
      description: "the row of a job that replaces another",
      text: #"""
        request: 14
        listing {
          jobs {
            job: 42
            name: "backup"
            uid: 1001
            state: PENDING
            submitted_ms: 1700000000000
            reason {
              code: "replaces"
              text: "waits for job 41 to end, which it replaces"
            }
            root: 42
            path: "backup"
            key: "nightly"
            replaces: 41
          }
        }
        """#,
      hex: """
        080e6a690a67082a12066261636b757018e90720012880d095ffbc3162360a087265706c61636573\
        122a776169747320666f72206a6f6220343120746f20656e642c207768696368206974207265706c\
        61636573c8012ad201066261636b7570ea01076e696768746c79f00129
        """),
  ]
}
