// Field by field what stands on the wire. The bytes were made by protoc, not by the code under
// test; a line that changes here is a protocol that has changed.

extension Golden {
  /// What workers and flusterd say to each other.
  static let workers: [Golden] = [
    Golden(
      description: "a registration",
      text: #"""
        request: 1
        register {
          id: "w1"
          incarnation: "sixteen.bytes..!"
          boot: "7d3f"
          capacity {
            cpu_millis: 4000
            memory_bytes: 2
            resources {
              name: "gpu"
              count: 1
            }
          }
          attributes {
            key: "arch"
            value: "x86-64"
          }
          lacks: "pids"
          software: "0.1.0"
          store: "sixteen.bytes..!"
          pid: 4712
        }
        """#,
      hex: """
        0801c2025e0a02773112107369787465656e2e62797465732e2e211a0437643366220e08a01f1002\
        1a070a0367707510012a0e0a046172636812067838362d36343204706964733a05302e312e304210\
        7369787465656e2e62797465732e2e2148e824
        """),
    Golden(
      description: "an accepted registration",
      text: #"""
        request: 1
        registered {
        }
        """#,
      hex: """
        0801ca0200
        """),
    Golden(
      description: "what the controller wants",
      text: #"""
        desired {
          sequence: 9
          full: true
          run {
            uid: "sixteen.bytes..!"
            job: 42
            index: 7
            number: 1
            task_count: 100
            owner: 1000
            charge {
              cpu_millis: 1000
              memory_bytes: 5
            }
            memory_limit_bytes: 6
            time_limit_ms: 7
            grace_ms: 8
            launch {
              argv: "true"
              directory: "/"
            }
            environment: "A=1\000"
            name: "sweep"
            explicit: true
          }
          stop {
            uid: "sixteen.bytes..!"
            why: SUPERSEDED
          }
          keep: "sixteen.bytes..!"
          acknowledged: "sixteen.bytes..!"
          signals {
            uid: "sixteen.bytes..!"
            signal: 10
          }
        }
        """#,
      hex: """
        d2029a01080910011a440a107369787465656e2e62797465732e2e21102a18072001286430e8073a\
        0508e80710054006480750085a090a047472756512012f6204413d31006a05737765657070012214\
        0a107369787465656e2e62797465732e2e2110032a107369787465656e2e62797465732e2e213210\
        7369787465656e2e62797465732e2e213a140a107369787465656e2e62797465732e2e21100a
        """),
    Golden(
      description: "what the controller wants to go on, and more to come",
      text: #"""
        desired {
          sequence: 10
          kept {
            uid: "sixteen.bytes..!"
            charge {
              cpu_millis: 1000
              memory_bytes: 5
            }
            time_limit_ms: 7
            grace_ms: 8
            log_max_bytes: 9
          }
          more: true
        }
        """#,
      hex: """
        d20225080a421f0a107369787465656e2e62797465732e2e21120508e80710051807200828094801
        """),
    Golden(
      description: "what a worker saw",
      text: #"""
        observed {
          sequence: 9
          full: true
          observations {
            uid: "sixteen.bytes..!"
            kind: FINISHED
            at_ms: 1700000000000
            outcome {
              cause: EXIT
              exit_code: 0
            }
          }
        }
        """#,
      hex: """
        da0227080910011a210a107369787465656e2e62797465732e2e2110041880d095ffbc3122040801\
        1000
        """),
    Golden(
      description: "a goodbye",
      text: #"""
        goodbye {
          why: REPLACED
        }
        """#,
      hex: """
        e202020803
        """),
  ]
}
