import FlusterTesting
import Glibc
import Testing

extension Programs {
  @Suite("fluster-web in a browser")
  struct WebBrowserTests {
    /// Gives a browser and the address of a fluster-web to `body`.
    private func with(
      _ body: (_ instance: Instance, _ browser: Browser, _ url: String) throws -> Void
    ) throws {
      guard let path = Browser.path else {
        #expect(maySkip(because: "chromium is not installed"))
        return
      }
      try Instance.with(worker: ["--cpus", "4", "--mem", "4G", "-r", "licence=3"]) { instance in
        let web = try instance.launch(["fluster-web", "--listen", "127.0.0.1:0"])
        var url = ""
        try eventually("it says where it listens") {
          let match = web.errorsSoFar.firstMatch(of: /http:\/\/127\.0\.0\.1:\d+/)
          url = match.map { String($0.0) } ?? ""
          return !url.isEmpty
        }
        let browser = try Browser(path, in: instance.directory)
        do {
          try body(instance, browser, url)
        } catch {
          try? browser.keepPicture("failed")
          try browser.end()
          throw error
        }
        try browser.end()
        web.signal(SIGTERM)
        _ = try web.finish()
      }
    }

    @Test("a job that is submitted appears on the open overview, and its page follows its output")
    func live() throws {
      try with { instance, browser, url in
        try browser.look(width: 1200, height: 900)
        try browser.go(to: "\(url)/")
        #expect(try browser.value("document.title") == "Overview – Fluster")
        try browser.wait("document.getElementById('live').textContent === 'live'")
        try browser.wait("(document.body.dataset.mark = 'same') === 'same'")
        let script = "echo first; while [ ! -e go ]; do sleep 0.05; done; echo second"
        let id = try instance.submit("-n", "fresh-job", "--", "sh", "-c", script)
        try browser.wait("document.body.textContent.includes('fresh-job')")
        // Nothing was loaded again for it.
        #expect(try browser.value("document.body.dataset.mark") == "same")
        try browser.keepPicture("overview")
        try browser.go(to: "\(url)/job/\(id)")
        try browser.wait("document.getElementById('log')?.textContent.includes('first')")
        try write("", to: "\(instance.files)/go")
        try browser.wait("document.getElementById('log').textContent.includes('second')")
        try browser.wait("document.querySelector('h1').textContent.includes('succeeded')")
        try browser.keepPicture("job")
      }
    }

    @Test("what runs is counted on between two events, and a table that was opened stays open")
    func ticks() throws {
      try with { instance, browser, url in
        try browser.look(width: 1200, height: 900)
        let id = try instance.submit("-a", "1-60", "--", "sleep", "1000")
        try eventually("four run") {
          try instance.run("fluster-ls", "--tasks", "--state", "running", "-q").lines.count == 4
        }
        try browser.go(to: "\(url)/job/\(id)")
        try browser.wait("document.getElementById('live').textContent === 'live'")
        try browser.wait("(document.querySelector('details').open = true)")
        // Nothing happens meanwhile that the page could be made anew for.
        let made = try browser.value("document.getElementById('main').dataset.live")
        for _ in 1...2 {
          let shown = try browser.value("document.querySelector('[data-ran]').textContent")
          try browser.wait(
            "document.querySelector('[data-ran]').textContent !== '\(shown)' && "
              + "/^([0-9]+m)?[0-9]+s$/.test(document.querySelector('[data-ran]').textContent)")
        }
        #expect(try browser.value("document.getElementById('main').dataset.live") == made)
        try instance.run("fluster-set", id, "priority", "3")
        try browser.wait("document.getElementById('main').dataset.live !== '\(made)'")
        #expect(try browser.value("document.querySelector('details').open") == "true")
        try browser.keepPicture("array-running")
        try instance.run("fluster-kill", id)
      }
    }

    @Test("names are text, nothing is wider than a small screen, and dark is dark")
    func looks() throws {
      try with { instance, browser, url in
        let name = "<script>document.title='owned'</script>"
        _ = try instance.wait(try instance.submit("-n", name, "--", "sh", "-c", "echo hi; exit 3"))
        let array = try instance.submit(
          "-a", "1-300", "-n", "squares", "--", "sh", "-c", "test $((FLUSTER_TASK_INDEX % 17)) != 0"
        )
        _ = try instance.wait(array)
        _ = try instance.submit(
          "--cpus", "3", "-r", "licence=2", "-n", "busy", "--", "sleep", "1000")
        _ = try instance.submit("--cpus", "4", "-n", "waits-for-room", "--", "true")
        for (path, picture) in [
          ("/", "overview"), ("/queue", "queue"), ("/jobs", "jobs"), ("/job/1", "job-failed"),
          ("/job/\(array)", "array"), ("/job/1/log", "log"), ("/workers", "workers"),
          ("/worker/w1", "worker"), ("/users", "users"), ("/endpoints", "endpoints"),
        ] {
          for (width, isDark) in [(1200, false), (1200, true), (360, false)] {
            try browser.look(width: width, height: 900, isDark: isDark)
            try browser.go(to: "\(url)\(path)")
            #expect(try browser.value("document.title").hasSuffix(" – Fluster"), "\(path)")
            #expect(
              try browser.value("document.documentElement.scrollWidth <= innerWidth") == "true",
              "\(path) at \(width)")
            let ground = try browser.value("getComputedStyle(document.body).backgroundColor")
            #expect(ground == (isDark ? "rgb(20, 23, 27)" : "rgb(255, 255, 255)"))
            try browser.keepPicture("\(picture)-\(isDark ? "dark" : "\(width)")")
          }
        }
        // Without scripts the same is there.
        try browser.forbidScripts(true)
        try browser.go(to: "\(url)/jobs")
        #expect(try browser.value("document.body.textContent.includes('waits-for-room')") == "true")
        try instance.run("fluster-kill", "--name", "*")
        try instance.run("sh", "-c", "fluster-ls -q | fluster-kill -")
      }
    }
  }
}
