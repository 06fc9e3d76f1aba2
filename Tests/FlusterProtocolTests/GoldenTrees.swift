extension Golden {
  /// What is said of job trees.
  static let trees: [Golden] = [
    Golden(
      description: "the submit of a child that ends its own",
      text: #"""
        request: 5
        submit {
          job {
            name: "part"
            end_children: true
          }
          parent_attempt: "sixteen.bytes..!"
        }
        """#,
      hex: """
        0805521c1a080a047061727458012a107369787465656e2e62797465732e2e21
        """),
    Golden(
      description: "the row of a child",
      text: #"""
        request: 5
        listing {
          jobs {
            job: 44
            name: "part"
            parent: 43
            parent_index: 7
            root: 42
            path: "all/some/part"
            end_children: true
          }
        }
        """#,
      hex: """
        08056a260a24082c120470617274b8012bc00107c8012ad2010d616c6c2f736f6d652f70617274d8\
        0101
        """),
    Golden(
      description: "the order to run a child",
      text: #"""
        desired {
          run {
            uid: "sixteen.bytes..!"
            job: 44
            namespace: 42
          }
        }
        """#,
      hex: """
        d202181a160a107369787465656e2e62797465732e2e21102c782a
        """),
  ]
}
