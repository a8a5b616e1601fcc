import Contracts
import ServiceKit

/// The file with the allow-list: one line with a checksum (FNV-1a, 128 bits, in hexadecimal), a space, and JSON:
/// `{"allowed": "*" or [id], "became": {"id": id}}`.
struct AllowListFile: Sendable {
    static let bytesMax = 1 << 20

    let path: String

    func read() -> AllowedUsers.Remembered {
        do throws(DurableFile.Failure) {
            guard let bytes = try DurableFile.read(path, bytesMax: Self.bytesMax) else { return try finished() }
            return Self.allowed(bytes).map { .known($0) } ?? .unreadable(reason: "\(path) is damaged")
        } catch {
            return .unreadable(reason: error.description)
        }
    }

    /// The list that a process wrote at the very first start and died before it put in place; puts it in place.
    private func finished() throws(DurableFile.Failure) -> AllowedUsers.Remembered {
        let fresh = try DurableFile.read(DurableFile.freshPath(path), bytesMax: Self.bytesMax)
        guard let allowed = fresh.flatMap(Self.allowed) else { return .nothing }
        try write(allowed)
        return .known(allowed)
    }

    /// Durable when it returns; see `DurableFile.replace`.
    func write(_ allowed: AllowedUsers) throws(DurableFile.Failure) {
        try DurableFile.replace(path, with: Self.bytes(allowed))
    }

    // MARK: The form

    static func bytes(_ allowed: AllowedUsers) -> [UInt8] {
        let rule: JSONValue =
            switch allowed.rule {
            case .everyone: "*"
            case .only(let ids): .array(ids.sorted().map(JSONValue.integer))
            }
        let became = Dictionary(uniqueKeysWithValues: allowed.successors.map { (String($0.key), $0.value) })
        let json: JSONValue = ["allowed": rule, "became": .object(became.mapValues(JSONValue.integer))]
        let text = json.serialized()
        return Array((checksum(text) + " ").utf8) + text + [UInt8(ascii: "\n")]
    }

    /// Reads what `bytes` made; nil for anything else.
    static func allowed(_ bytes: [UInt8]) -> AllowedUsers? {
        guard bytes.last == UInt8(ascii: "\n"), let space = bytes.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let text = bytes[(space + 1)...].dropLast()
        guard String(decoding: bytes[..<space], as: UTF8.self) == checksum(text),
            let json = try? JSONValue(parsing: String(decoding: text, as: UTF8.self)),
            let members = json["became"]?.objectValue
        else { return nil }
        var successors: [Int64: Int64] = [:]
        for (old, new) in members {
            guard let old = Int64(old), let new = new.integerValue else { return nil }
            successors[old] = new
        }
        if json["allowed"] == "*" { return AllowedUsers(.everyone, successors: successors) }
        guard let values = json["allowed"]?.arrayValue else { return nil }
        let ids = values.compactMap(\.integerValue)
        return ids.count == values.count ? AllowedUsers(.only(Set(ids)), successors: successors) : nil
    }

    private static func checksum(_ bytes: some Sequence<UInt8>) -> String {
        String(MachineRequestID.fnv1a(bytes), radix: 16)
    }
}
