// Field by field what stands on the wire. The bytes were made by protoc, not by the code under
// test; a line that changes here is a protocol that has changed.

extension Golden {
  /// What those ask who show a whole instance.
  static let views: [Golden] = [
    Golden(
      description: "what waits, in the order in which it will be served",
      text: #"""
        request: 9
        list {
          all_users: true
          newest: 100
          queue: true
          skip: 200
        }
        """#,
      hex: """
        0809620910013864600168c801
        """),
    Golden(
      description: "the newest jobs below a number",
      text: #"""
        request: 9
        list {
          all_ages: true
          newest: 50
          before: 4711
        }
        """#,
      hex: """
        080962071801383270e724
        """),
    Golden(
      description: "what a user has by state",
      text: #"""
        request: 7
        users {
          users {
            uid: 1000
            tallies {
              state: RUNNING
              jobs: 2
              tasks: 300
            }
            tallies {
              state: FAILED
              jobs: 70000
            }
          }
        }
        """#,
      hex: """
        0807a202160a1408e80742070803100218ac024206080510f0a204
        """),
    Golden(
      description: "the status of a store that is looked at",
      text: #"""
        request: 9
        status {
          software: "0.1.0"
          examined_ms: 1700000000000
        }
        """#,
      hex: """
        0809aa010e0a05302e312e306080d095ffbc31
        """),
    Golden(
      description: "the children of a job",
      text: #"""
        request: 9
        list {
          all_users: true
          all_ages: true
          newest: 51
          parent: 4711
        }
        """#,
      hex: """
        0809620910011801383378e724
        """),
    Golden(
      description: "what workers themselves did",
      text: #"""
        request: 9
        watch {
          all_users: true
          newest: 50
          workers: "w1"
          workers: "w2"
        }
        """#,
      hex: """
        0809ba010c100120323202773132027732
        """),
    Golden(
      description: "a question for what went on in a day",
      text: #"""
        request: 9
        read_history {
          from_ms: 1700000000000
          until_ms: 1700086400000
          parts: 96
          job: 4711
          user: 1000
        }
        """#,
      hex: """
        08098205160880d095ffbc31108088afa8bd31186020e72428e807
        """),
    Golden(
      description: "what went on",
      text: #"""
        request: 9
        history {
          parts {
            cpu_ms: 900000
            memory_byte_seconds: 1099511627776
            attempt_ms: 450000
            started: 300
            ended {
              state: SUCCEEDED
              count: 290
            }
          }
          waits {
            below_ms: 100
            jobs: 7
          }
          waits {
            jobs: 1
          }
          cut: true
        }
        """#,
      hex: """
        08098a05270a1908a0f7361080808080802018d0bb1b20ac022a05080410a202120408641007120210011801
        """),
  ]
}
