import FlusterTesting
import Testing

@Suite("words and imports that have no place")
struct BannedWordsTests {
  @Test("nothing in Sources imports Foundation")
  func foundation() {
    let found = Repository.files(in: "Sources", ending: ".swift").flatMap {
      $0.lines { $0.contains(/^ *(\w+ )*import (struct |class |func )?Foundation/) }
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  @Test("nothing is left for later")
  func markers() {
    let found = tracked.flatMap {
      $0.lines { $0.contains(/\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/) }
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  @Test("nothing in Sources crashes on purpose with try!, as! or fatalError")
  func crashes() {
    let found = Repository.files(in: "Sources", ending: ".swift").flatMap {
      $0.lines { $0.contains(/\btry!|\bas!|\bfatalError\(/) }
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  @Test("no test sleeps")
  func sleeps() {
    let found = Repository.files(in: "Tests", ending: ".swift").flatMap {
      $0.lines { $0.contains(/\b(usleep|nanosleep|Task\.sleep|Thread\.sleep|sleep)\(/) }
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  @Test("nothing names a path that exists on one machine only")
  func paths() {
    let found = tracked.flatMap {
      $0.lines { $0.contains(/(^|[^\w.])(\.\.\/s[h]ared|\/w[o]rk\/|\/f[a]rm\/|\/tmp\/d[e]sign)/) }
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  private var tracked: [SourceFile] {
    (Repository.tracked ?? []).compactMap(SourceFile.init)
  }
}
