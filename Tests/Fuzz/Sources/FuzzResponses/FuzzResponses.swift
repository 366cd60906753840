import Foundation

/// What libFuzzer calls with each input: the first byte says how the rest arrives.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzResponses(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    if let finding = DecoderProbe.finding(in: Array(input)) { fatalError(finding) }
    return 0
}
