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
  ]
}
