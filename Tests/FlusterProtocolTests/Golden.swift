// Field by field what stands on the wire. The bytes were made by protoc, not by the code under
// test; a line that changes here is a protocol that has changed.

/// One envelope as people write it, and its bytes in hexadecimal.
struct Golden: Sendable, CustomStringConvertible {
  let description: String
  let text: String
  let hex: String

  /// Every kind of envelope, and every field at least once.
  static let all =
    commands + administration + workers + trees + logs + endpoints + keys + changes + scripts
    + choices + limits + views
}

extension Golden {
  /// What commands and flusterd say to each other.
  static let commands: [Golden] = [
    Golden(
      description: "the hello of a command",
      text: #"""
        hello {
          version: 1
          oldest_version: 1
          software: "0.1.0"
          role: ROLE_COMMAND
        }
        """#,
      hex: """
        120d080110011a05302e312e302001
        """),
    Golden(
      description: "the hello of a controller",
      text: #"""
        hello {
          version: 1
          oldest_version: 1
          software: "0.1.0"
          role: ROLE_CONTROLLER
          store: "sixteen.bytes..!"
          instance: "user"
        }
        """#,
      hex: """
        1225080110011a05302e312e3020032a107369787465656e2e62797465732e2e21320475736572
        """),
    Golden(
      description: "an error",
      text: #"""
        request: 7
        error {
          code: NOT_FOUND
          message: "there is no job 42"
          way_out: "fluster-ls -A shows old ones"
        }
        """#,
      hex: """
        08071a34080212127468657265206973206e6f206a6f622034321a1c666c75737465722d6c73202d\
        412073686f7773206f6c64206f6e6573
        """),
    Golden(
      description: "the end of a stream",
      text: #"""
        request: 8
        done {
          notices: "no worker is connected"
        }
        """#,
      hex: """
        080822180a166e6f20776f726b657220697320636f6e6e6563746564
        """),
    Golden(
      description: "a submit with everything",
      text: #"""
        request: 300
        submit {
          token: "sixteen.bytes..!"
          resend: true
          job {
            name: "sweep"
            array {
              first: 1
              step: 2
              count: 1000000
              throttle: 4
              explicit: true
            }
            needs {
              cpu_millis: 1500
              memory_bytes: 8589934592
              resources {
                name: "gpu"
                count: 2
              }
              constraints {
                key: "zone"
                comparison: AMONG
                values: "a"
                values: "b"
                preferred: true
              }
            }
            retries: 3
            retries_lost: 100
            time_limit_ms: 90000
            grace_ms: 5000
            held: true
            launch {
              argv: "sh"
              argv: "-c"
              argv: "exit 7"
              directory: "/home/u"
              umask: 18
              rlimits {
                name: "nofile"
                soft: 1024
                hard: 18446744073709551615
              }
              nice: -5
              stdin: "in"
              stdout: "out-%t"
              stderr: "err\377"
              log_max_bytes: 104857600
            }
            environment: "A=1\000B=\000"
            options {
              band: BATCH
              priority: -5
              max_failures: 7
              ok_status: "\003\005"
              final_status: "\002"
              schedule_timeout_ms: 90000
              gang {
                group_by: "rack"
                spread: true
              }
              backoff_first_ms: 2000
              backoff_most_ms: 30000
              process_limit: 64
            }
          }
          dry_run: true
        }
        """#,
      hex: """
        08ac0252e8010a107369787465656e2e62797465732e2e2110011acf010a057377656570120c0801\
        100218c0843d200428011a2408dc0b1080808080201a070a03677075100222100a047a6f6e651009\
        1a01611a01622001200328643090bf0538882740014a550a0273680a022d630a0665786974203712\
        072f686f6d652f75181222160a066e6f66696c6510800818ffffffffffffffffff0128fbffffffff\
        ffffffff013202696e3a066f75742d25744204657272ff48808080325207413d3100423d00622508\
        0310091807220203052a01023090bf053a080a047261636b100140d00f48b0ea01a001402001
        """),
    Golden(
      description: "an id",
      text: #"""
        request: 300
        submitted {
          job: 42
          existed: true
          notices: "n"
          could_run: false
          obstacle: "needs 8 cpus; the largest worker has 4"
        }
        """#,
      hex: """
        08ac025a31082a10011a016e20002a266e65656473203820637075733b20746865206c6172676573\
        7420776f726b6572206861732034
        """),
    Golden(
      description: "a list request",
      text: #"""
        request: 2
        list {
          selectors {
            tasks {
              job: 42
              first: 1
              last: 9
            }
          }
          selectors {
            name_glob: "sim*"
          }
          selectors {
            newest: true
          }
          all_users: true
          all_ages: true
          states: [PENDING, GANG_FAILED]
          tasks: true
          detail: true
          newest: 10
          why: true
        }
        """#,
      hex: """
        080262260a080a06082a100118090a06120473696d2a0a021801100118012202010b28013001380a\
        4001
        """),
    Golden(
      description: "a page of a listing",
      text: #"""
        request: 2
        listing {
          jobs {
            job: 42
            name: "sweep"
            uid: 1000
            state: RUNNING
            submitted_ms: 1700000000000
            started_ms: 1700000000001
            ended_ms: 1700000000002
            array {
              count: 1
            }
            needs {
              cpu_millis: 1000
            }
            counts {
              state: RUNNING
              count: 1
            }
            held: true
            reason {
              code: "resources"
              text: "needs 4 cpus"
              needs {
                cpu_millis: 4000
              }
              since_ms: 1700000000000
              band: "interactive"
              place: 3
              count: 9
              rooms {
                worker: "w1"
                free {
                  cpu_millis: 2000
                }
                holders {
                  job: 37
                  uid: 1000
                  tasks: 1
                  charge {
                    memory_bytes: 1
                  }
                  ends_ms: 1700000000001
                }
              }
            }
            time_limit_ms: 1
            grace_ms: 2
            retries: 3
            retries_lost: 4
            error: "e"
            killed_by: 0
            kill_reason: "k"
            launch {
              argv: "true"
            }
            attempts {
              index: 1
              number: 2
              uid: "sixteen.bytes..!"
              worker: "w1"
              state: FAILED
              assigned_ms: 3
              started_ms: 4
              ended_ms: 5
              outcome {
                cause: EXIT
                exit_code: 7
              }
            }
            outcome {
              cause: START
              exit_code: 7
              signal: 9
              start_reason: 2
              start_errno: -2
              text: "t"
              usage {
                wall_ms: 1
                user_us: 2
                system_us: 3
                peak_memory_bytes: 4
                read_bytes: 5
                written_bytes: 6
              }
            }
            options {
              band: PRODUCTION
            }
          }
          tasks {
            job: 42
            index: 7
            explicit: true
            state: WORKER_FAILED
            failures: 1
            preemptions: 2
            attempts: 3
            outcome {
              cause: WORKER_LOST
            }
            reason {
              code: "held"
            }
            worker: "w1"
            started_ms: -1
            ended_ms: -2
            name: "n"
            uid: 1000
            error: "no place"
          }
        }
        """#,
      hex: """
        08026ac8020aff01082a1205737765657018e80720032880d095ffbc313081d095ffbc313882d095\
        ffbc31420218014a0308e807520408031001580162550a097265736f7572636573120c6e65656473\
        203420637075731a0308a01f2080d095ffbc312a0b696e74657261637469766530033809421d0a02\
        7731120308d00f1a12082510e8071801220210012881d095ffbc316801700278038001048a010165\
        9001009a01016ba201060a0474727565aa0128080110021a107369787465656e2e62797465732e2e\
        212202773128053003380440054a0408011007b20124080910071809200228feffffffffffffffff\
        013201743a0c080110021803200428053006e2010208011244082a10071801200728013002380342\
        0208064a060a0468656c645202773158ffffffffffffffffff0160feffffffffffffffff016a016e\
        70e8077a086e6f20706c616365
        """),
    Golden(
      description: "a wait",
      text: #"""
        request: 3
        wait {
          selectors {
            newest: true
          }
          any: true
        }
        """#,
      hex: """
        080372060a0218011001
        """),
    Golden(
      description: "a wait that ties",
      text: #"""
        request: 3
        wait {
          selectors {
            newest: true
          }
          tie: true
        }
        """#,
      hex: """
        080372060a0218011801
        """),
    Golden(
      description: "a submit of a tied job",
      text: #"""
        request: 3
        submit {
          job {
            options {
              tied: true
            }
          }
        }
        """#,
      hex: """
        080352061a0462025001
        """),
    Golden(
      description: "an end",
      text: #"""
        request: 3
        ended {
          job: 42
          index: 7
          explicit: true
          state: KILLED
          outcome {
            cause: CAUSE_KILLED
            signal: 15
          }
          count: 3
          status: 143
          total: 4
          first: 1
          error: "e"
        }
        """#,
      hex: """
        08037a1a082a1007180120062a040805180f3003388f0140044801520165
        """),
    Golden(
      description: "a watch",
      text: #"""
        request: 10
        watch {
          selectors {
            tasks {
              job: 42
            }
          }
          all_users: true
          after {
            store: "sixteen.bytes..!"
            sequence: 1234
          }
          newest: 3
          live: true
        }
        """#,
      hex: """
        080aba01230a040a02082a10011a150a107369787465656e2e62797465732e2e2110d20920032801
        """),
    Golden(
      description: "a page of the feed",
      text: #"""
        request: 10
        feed {
          events {
            sequence: 1235
            at_ms: 1700000000000
            kind: "task_ended"
            job: 42
            uid: 1000
            name: "sweep"
            tasks {
              first: 1
              last: 9
            }
            step: 2
            attempt_uid: "sixteen.bytes..!"
            attempt: 0
            worker: "w1"
            state: FAILED
            cause: EXIT
            status: 7
            by: 0
            text: "t"
          }
          next {
            store: "sixteen.bytes..!"
            sequence: 1236
          }
          missing: 51
        }
        """#,
      hex: """
        080ac201690a4e08d3091080d095ffbc311a0a7461736b5f656e646564202a28e807320573776565\
        703a040801100940024a107369787465656e2e62797465732e2e2150005a02773160056801700778\
        008201017412150a107369787465656e2e62797465732e2e2110d4091833
        """),
    Golden(
      description: "a kill",
      text: #"""
        request: 4
        kill {
          selectors {
            tasks {
              job: 42
            }
          }
          signal: 10
          reason: "wrong data"
          states: [RUNNING]
        }
        """#,
      hex: """
        08048201170a040a02082a100a1a0a77726f6e672064617461220103
        """),
    Golden(
      description: "a change",
      text: #"""
        request: 5
        set {
          selectors {
            tasks {
              job: 42
            }
          }
          verb: RELEASE
        }
        """#,
      hex: """
        08058a01080a040a02082a1002
        """),
    Golden(
      description: "the end of an instance",
      text: #"""
        request: 9
        shutdown {
          now: true
        }
        """#,
      hex: """
        0809b201020801
        """),
  ]
}
