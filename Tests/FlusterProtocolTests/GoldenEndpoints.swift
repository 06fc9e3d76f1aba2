/// What is said about endpoints, ports and sockets.
extension Golden {
  static let endpoints: [Golden] = [
    Golden(
      description: "a task says where it can be reached",
      text: #"""
        request: 9
        register_endpoint {
          endpoint {
            name: "actor"
            address: "localhost:30000"
            metadata {
              key: "zone"
              value: "b"
            }
            job: 42
            attempt_uid: "sixteen.bytes..!"
            index: 7
            explicit: true
          }
        }
        """#,
      hex: """
        0809f2013d0a3b0a056163746f72120f6c6f63616c686f73743a33303030301a090a047a6f6e6512\
        0162202a2a107369787465656e2e62797465732e2e2130073801
        """),
    Golden(
      description: "an attempt's name is removed",
      text: #"""
        request: 10
        unregister_endpoint {
          name: "actor"
          attempt_uid: "sixteen.bytes..!"
        }
        """#,
      hex: """
        080afa01190a056163746f7212107369787465656e2e62797465732e2e21
        """),
    Golden(
      description: "a tree's name is removed",
      text: #"""
        request: 11
        unregister_endpoint {
          name: "actor"
          tree {
            newest: true
          }
        }
        """#,
      hex: """
        080bfa010b0a056163746f721a021801
        """),
    Golden(
      description: "one endpoint is asked for",
      text: #"""
        request: 12
        list_endpoints {
          tree {
            tasks {
              job: 42
            }
          }
          prefix: "actor"
          exact: true
        }
        """#,
      hex: """
        080c82020f0a040a02082a12056163746f721801
        """),
    Golden(
      description: "a page of endpoints",
      text: #"""
        request: 12
        endpoints {
          endpoints {
            name: "actor"
            address: "/run/a"
            job: 42
            attempt_uid: "sixteen.bytes..!"
          }
        }
        """#,
      hex: """
        080c8a02250a230a056163746f7212062f72756e2f61202a2a107369787465656e2e62797465732e\
        2e21
        """),
    Golden(
      description: "a submit that names ports and sockets",
      text: #"""
        request: 13
        submit {
          job {
            name: "serve"
            launch {
              argv: "serve"
              directory: "/"
              ports: "http"
              ports: "grpc"
              sockets: "api"
            }
          }
        }
        """#,
      hex: """
        080d52261a240a0573657276654a1b0a05736572766512012f5204687474705204677270635a0361\
        7069
        """),
  ]
}
