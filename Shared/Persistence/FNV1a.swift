/// The 64-bit hash FNV-1a: the same on every machine and in every run. It serves to detect damage and differences, not
/// to keep secrets.
enum FNV1a {
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
