/// What libFuzzer calls with each input; it ends the process for whatever traps.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  fuzz(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
