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
    Golden(
      description: "an order to stand still",
      text: #"""
        request: 5
        set {
          selectors {
            tasks {
              job: 42
              first: 7
              last: 7
            }
          }
          verb: FREEZE
        }
        """#,
      hex: """
        08058a010c0a080a06082a100718071007
        """),
    Golden(
      description: "what goes on, standing still",
      text: #"""
        desired {
          sequence: 3
          kept {
            uid: "sixteen.bytes..!"
            charge {
              cpu_millis: 1000
              memory_bytes: 1024
            }
            time_limit_ms: 60000
            grace_ms: 5000
            frozen: true
          }
        }
        """#,
      hex: """
        d20227080342230a107369787465656e2e62797465732e2e21120608e80710800818e0d403208827\
        3001
        """),
    Golden(
      description: "rows of what stands still",
      text: #"""
        request: 12
        listing {
          jobs {
            job: 42
            name: "sweep"
            state: RUNNING
            attempts {
              uid: "sixteen.bytes..!"
              worker: "w1"
              state: RUNNING
              frozen: true
            }
            frozen: 1
          }
          tasks {
            job: 42
            index: 7
            explicit: true
            state: RUNNING
            frozen: true
          }
        }
        """#,
      hex: """
        080c6a3a0a2b082a120573776565702003aa011a1a107369787465656e2e62797465732e2e212202\
        773128035001a80201120b082a100718012003800101
        """),
    Golden(
      description: "the same once more",
      text: #"""
        request: 6
        rerun {
          selector {
            tasks {
              job: 42
            }
          }
          token: "sixteen.bytes..!"
        }
        """#,
      hex: """
        08069202180a040a02082a12107369787465656e2e62797465732e2e21
        """),
    Golden(
      description: "a submit that is to be warned",
      text: #"""
        request: 6
        submit {
          job {
            name: "train"
            needs {
              cpu_millis: 1000
            }
            time_limit_ms: 3600000
            launch {
              argv: "true"
              directory: "/"
            }
            options {
              warn_signal: 10
              warn_before_ms: 300000
            }
          }
        }
        """#,
      hex: """
        080652271a250a05747261696e1a0308e8073080dddb014a090a047472756512012f6207780a8001\
        e0a712
        """),
    Golden(
      description: "what goes on, and is to be warned",
      text: #"""
        desired {
          sequence: 3
          kept {
            uid: "sixteen.bytes..!"
            charge {
              cpu_millis: 1000
              memory_bytes: 1024
            }
            time_limit_ms: 3600000
            warn_signal: 10
            warn_before_ms: 300000
          }
        }
        """#,
      hex: """
        d20229080342250a107369787465656e2e62797465732e2e21120608e8071080081880dddb01380a\
        40e0a712
        """),
    Golden(
      description: "a question about users",
      text: #"""
        request: 7
        list_users {
        }
        """#,
      hex: """
        08079a0200
        """),
    Golden(
      description: "what users have",
      text: #"""
        request: 7
        users {
          users {
            uid: 1000
            unfinished_jobs: 3
            pending_tasks: 500
            open_attempts: 2
            held {
              cpu_millis: 2000
              memory_bytes: 1024
            }
            stored_bytes: 4096
            stored_limit_bytes: 1048576
          }
        }
        """#,
      hex: """
        0807a2021b0a1908e807100318f40320022a0608d00f10800830802038808040
        """),
    Golden(
      description: "a wish for a copy of the store",
      text: #"""
        request: 8
        backup {
        }
        """#,
      hex: """
        0808aa0200
        """),
    Golden(
      description: "a copy of the store",
      text: #"""
        request: 8
        backed_up {
          bytes: 40960
          descriptors: 1
        }
        """#,
      hex: """
        0808b202060880c0021001
        """),
    Golden(
      description: "a wish to have the store read",
      text: #"""
        request: 9
        check_store {
        }
        """#,
      hex: """
        0809ba0200
        """),
  ]
}
