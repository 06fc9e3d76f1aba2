import FlusterSystem
import Glibc

/// Where what a child needs is laid out for it: apart from the heap, of which it gets nothing.
final class LaunchMemory {
  private static let alignment = 16

  private let start: UnsafeMutableRawPointer
  private let size: Int
  private var used = 0

  /// Room for so many bytes: the sum of the `size(of:)` of all that is to be placed.
  init(size: Int) throws(SystemError) {
    let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else { throw SystemError.last("map memory") }
    self.start = start
    self.size = size
  }

  deinit { munmap(start, size) }

  /// What the strings need, with the array that leads to them.
  static func size(of strings: [[UInt8]]) -> Int {
    strings.reduce((strings.count + 1) * MemoryLayout<Int>.stride + alignment) {
      $0 + $1.count + 1 + alignment
    }
  }

  /// What the values need.
  static func size<Value: BitwiseCopyable>(of values: [Value]) -> Int {
    values.count * MemoryLayout<Value>.stride + alignment
  }

  /// What one value needs.
  static func size<Value: BitwiseCopyable>(of: Value.Type) -> Int {
    MemoryLayout<Value>.stride + alignment
  }

  /// Strings as C takes them: an array of pointers that ends with a null.
  func place(_ strings: [[UInt8]]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
    place(strings.map { string in UnsafeMutablePointer(mutating: place(string)) } + [nil])
  }

  /// A string as C takes it.
  func place(_ string: [UInt8]) -> UnsafePointer<CChar> {
    let place = take(string.count + 1)
    string.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { place.copyMemory(from: base, byteCount: bytes.count) }
    }
    place.storeBytes(of: 0, toByteOffset: string.count, as: UInt8.self)
    return UnsafePointer(place.assumingMemoryBound(to: CChar.self))
  }

  /// Values one after the other.
  func place<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeMutablePointer<Value> {
    let place = take(values.count * MemoryLayout<Value>.stride)
      .bindMemory(to: Value.self, capacity: values.count)
    values.withUnsafeBufferPointer { buffer in
      if let base = buffer.baseAddress { place.initialize(from: base, count: buffer.count) }
    }
    return place
  }

  private func take(_ count: Int) -> UnsafeMutableRawPointer {
    let place = start + used
    used += (count + Self.alignment - 1) / Self.alignment * Self.alignment
    precondition(used <= size, "what is placed has been counted")
    return place
  }
}
