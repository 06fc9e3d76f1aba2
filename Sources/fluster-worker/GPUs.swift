import FlusterSystem

/// The graphics processors of this machine, as the driver tells of them in /proc. The file of each
/// is documented in the driver's README, chapter "Proc interface".
struct GPUs: Equatable {
  /// What jobs ask for with `--gpus`.
  static let resource = "gpu"
  /// Where NVIDIA's driver has a directory for each, named by its place on the bus.
  static let directory = "/proc/driver/nvidia/gpus"

  /// What constraints call the model.
  static let modelAttribute = "gpu-model"

  let count: UInt32
  /// The model, if all are of one.
  let model: String?

  /// Those that `directory` tells of; none where there is no such directory.
  init(in directory: String) {
    let places = ((try? Files.names(in: directory)) ?? []).sorted()
    let models = places.map { Self.model(at: "\(directory)/\($0)/information") }
    count = UInt32(clamping: places.count)
    model = models.first.flatMap { first in models.allSatisfy { $0 == first } ? first : nil }
  }

  /// What the worker offers of them; nil if there are none.
  var offer: ResourceOffer? {
    count == 0 ? nil : ResourceOffer(GPUs.resource, "\(count)")
  }

  /// `Model:           NVIDIA H100 PCIe`.
  private static func model(at path: String) -> String? {
    let text = String(decoding: (try? Files.read(path, limit: 64 << 10)) ?? [], as: UTF8.self)
    for line in text.split(separator: "\n") where line.hasPrefix("Model:") {
      let model = line.dropFirst("Model:".count).drop { " \t".contains($0) }
      return model.isEmpty ? nil : String(model)
    }
    return nil
  }
}
