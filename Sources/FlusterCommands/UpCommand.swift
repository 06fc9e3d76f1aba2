import ArgumentParser
import FlusterClient
import FlusterProtocol

/// fluster up: starts what is missing of the caller's own instance.
struct UpCommand: FlusterCommand {
  static let configuration = CommandConfiguration(
    commandName: "fluster up", abstract: "Start what is missing of a private instance.",
    version: "fluster \(FlusterVersion.software)")

  @OptionGroup var talk: TalkOptions

  func execute(_ voice: Voice) throws(Failure) -> Int32 {
    var instance = try PrivateInstance(voice)
    try instance.up()
    return ExitStatus.done.rawValue
  }
}

/// fluster down: stops the caller's own instance.
struct DownCommand: FlusterCommand {
  static let configuration = CommandConfiguration(
    commandName: "fluster down", abstract: "Stop the private instance.",
    version: "fluster \(FlusterVersion.software)")

  @Flag(help: "Kill what runs first.")
  var now = false

  @OptionGroup var talk: TalkOptions

  func execute(_ voice: Voice) throws(Failure) -> Int32 {
    let instance = try PrivateInstance(voice)
    try instance.down(now: now)
    return ExitStatus.done.rawValue
  }
}
