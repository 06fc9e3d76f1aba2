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
          address: "host-1"
          lease_ms: 60000
        }
        """#,
      hex: """
        0801c2026a0a02773112107369787465656e2e62797465732e2e211a0437643366220e08a01f1002\
        1a070a0367707510012a0e0a046172636812067838362d36343204706964733a05302e312e304210\
        7369787465656e2e62797465732e2e2148e8245206686f73742d3158e0d403
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
            gang_addresses: "host-1"
            gang_addresses: "-"
            process_limit: 64
            band: BATCH
            ahead: true
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
          recall: "sixteen.bytes..!"
        }
        """#,
      hex: """
        d202c201080910011a5a0a107369787465656e2e62797465732e2e21102a18072001286430e8073a\
        0508e80710054006480750085a090a047472756512012f6204413d31006a05737765657070018201\
        06686f73742d318201012db80140c00103c8010122140a107369787465656e2e62797465732e2e21\
        10032a107369787465656e2e62797465732e2e2132107369787465656e2e62797465732e2e213a14\
        0a107369787465656e2e62797465732e2e21100a5a107369787465656e2e62797465732e2e21
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
          ailment: "the disk is full"
        }
        """#,
      hex: """
        da0239080910011a210a107369787465656e2e62797465732e2e2110041880d095ffbc3122040801\
        10002210746865206469736b2069732066756c6c
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

extension Golden {
  /// What administrators ask about an instance and its workers, and the answers.
  static let administration: [Golden] = [
    Golden(
      description: "a request for the status",
      text: #"""
        request: 1
        get_status {
        }
        """#,
      hex: """
        0801a20100
        """),
    Golden(
      description: "a request for workers",
      text: #"""
        request: 1
        list_workers {
          ids: "w1"
          tasks: true
        }
        """#,
      hex: """
        0801ca01060a0277311001
        """),
    Golden(
      description: "a worker and what it runs",
      text: #"""
        request: 1
        workers {
          workers {
            id: "w1"
            tasks {
              job: 42
              index: 7
              explicit: true
              uid: 1000
              state: RUNNING
              charge {
                cpu_millis: 1000
              }
              name: "sweep"
              started_ms: 1700000000000
            }
          }
        }
        """#,
      hex: """
        0801d201270a250a0277319a011e082a1007180120e8072803320308e8073a0573776565704080d0\
        95ffbc31
        """),
    Golden(
      description: "a change of a worker",
      text: #"""
        request: 1
        change_worker {
          id: "w1"
          verb: FORGET
        }
        """#,
      hex: """
        0801da01060a0277311003
        """),
    Golden(
      description: "a status",
      text: #"""
        request: 1
        status {
          software: "0.1.0"
          pid: 4711
          unfinished_jobs: 1
          pending_tasks: 2
          open_attempts: 3
          workers {
            id: "w1"
            connected: true
            capacity {
              cpu_millis: 4000
              memory_bytes: 1
            }
            free {
              cpu_millis: 3000
            }
            open_attempts: 1
            lacks: "memory"
            software: "0.1.0"
            pid: 4712
            is_alive: true
            shim_is_alive: false
            personal: true
            attributes {
              key: "arch"
              value: "x86-64"
            }
            address: "w1.example.org"
            state: "drained"
            ailment: "the disk is full"
            drained: true
            boot: "7d3f"
            lease_ms: 60000
          }
          state_directory: "/var/lib/fluster"
          store_trouble: "no space left"
          store: "sixteen.bytes..!"
          instance: "user"
          uptime_ms: 5000
        }
        """#,
      hex: """
        0801aa01c4010a05302e312e3010e72418012002280332760a02773110011a0508a01f1001220308\
        b817280132066d656d6f72793a05302e312e3040e824480150005801620e0a046172636812067838\
        362d36346a0e77312e6578616d706c652e6f72677207647261696e65647a10746865206469736b20\
        69732066756c6c8001018a0104376433669001e0d4033a102f7661722f6c69622f666c7573746572\
        420d6e6f207370616365206c6566744a107369787465656e2e62797465732e2e2152047573657258\
        8827
        """),
  ]
}
