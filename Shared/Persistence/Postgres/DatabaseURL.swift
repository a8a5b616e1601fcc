/// `postgresql://[user[:password]@][host[:port],…][/database][?name=value&…]`, as libpq reads it and no more.
struct DatabaseURL {
    /// The options without escapes, in order.
    private(set) var options: [ConnectionString.Option] = []
    private(set) var ignored: [String] = []
    /// The URL without the ignored options.
    private(set) var text = ""

    private typealias Bytes = ArraySlice<UInt8>

    /// - Parameter url: must have no blanks and control characters, and begin with one of libpq's two schemes.
    init(_ url: String) throws(DatabaseURLError) {
        let scheme = url.hasPrefix("postgresql://") ? "postgresql://" : "postgres://"
        let rest = Array(url.utf8)[scheme.utf8.count...]
        let mark = rest.firstIndex { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "/") }
        var place = rest
        var hasUser = false
        if let mark, rest[mark] == UInt8(ascii: "@") {
            try readUser(rest[..<mark])
            place = rest[(mark + 1)...]
            hasUser = true
        }
        // A second "@" belongs to a password, and so does the text between the two.
        guard !place.contains(UInt8(ascii: "@")) else { throw .credentials }
        let query = place.firstIndex(of: UInt8(ascii: "?"))
        let beforeQuery = place[..<(query ?? place.endIndex)]
        let slash = beforeQuery.firstIndex(of: UInt8(ascii: "/"))
        let hasPort = try readHosts(beforeQuery[..<(slash ?? beforeQuery.endIndex)])
        if let slash { try readDatabase(beforeQuery[(slash + 1)...]) }
        text = String(
            decoding: url.utf8.prefix(url.utf8.count - (query.map { place.endIndex - $0 } ?? 0)), as: UTF8.self)
        if let query { try readOptions(place[(query + 1)...], mayBeSecret: !hasUser && hasPort) }
        // In "postgresql://user:12/rest" the password may be cut before its "@".
        guard hasUser || !hasPort || options.contains(where: { $0.name == "user" && !$0.value.isEmpty }) else {
            throw .user
        }
    }

    private mutating func add(_ name: String, _ bytes: Bytes) throws(DatabaseURLError) {
        let value = try Self.decoded(bytes)
        if !value.isEmpty { options.append(.init(name: name, value: value)) }
    }

    private mutating func readUser(_ bytes: Bytes) throws(DatabaseURLError) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return try add("user", bytes) }
        try add("user", bytes[..<colon])
        try add("password", bytes[(colon + 1)...])
    }

    /// - Returns: whether there is a port, or other text in its place.
    private mutating func readHosts(_ bytes: Bytes) throws(DatabaseURLError) -> Bool {
        var hosts: [Bytes] = []
        var ports: [Bytes] = []
        for place in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            var port = place[place.endIndex...]
            if place.first == UInt8(ascii: "[") {
                guard let end = place.firstIndex(of: UInt8(ascii: "]")) else { throw .host }
                let after = place[(end + 1)...]
                guard after.isEmpty || after.first == UInt8(ascii: ":") else { throw .host }
                hosts.append(place[(place.startIndex + 1)..<end])
                port = after.dropFirst()
            } else {
                let colon = place.firstIndex(of: UInt8(ascii: ":"))
                hosts.append(place[..<(colon ?? place.endIndex)])
                if let colon { port = place[(colon + 1)...] }
            }
            ports.append(port)
        }
        // As in libpq, the commas stay even if all parts are empty.
        let separator = [UInt8(ascii: ",")]
        try add("host", Array(hosts.joined(separator: separator))[...])
        try add("port", Array(ports.joined(separator: separator))[...])
        return ports.contains { !$0.isEmpty }
    }

    private mutating func readDatabase(_ bytes: Bytes) throws(DatabaseURLError) {
        // Characters that no database's name has unencoded. They appear here if another part of the URL was mistaken
        // for the name.
        guard !bytes.contains(where: { #"/:=&#"'`\<>[]{}|^"#.utf8.contains($0) }) else { throw .database }
        try add("dbname", bytes)
    }

    private mutating func readOptions(_ bytes: Bytes, mayBeSecret: Bool) throws(DatabaseURLError) {
        var mayBeSecret = mayBeSecret
        var kept: [Bytes] = []
        var pairs = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        if pairs.last?.isEmpty == true { pairs.removeLast() }
        for (index, pair) in pairs.enumerated() {
            let parts = pair.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .syntax }
            let value = try Self.decoded(parts[1])
            let name = try Self.decoded(parts[0])
            if name == "ssl", value == "true" {
                options.append(.init(name: "sslmode", value: "require"))
            } else if try ConnectionString.isTaken(name, position: index + 1, mayBeSecret: mayBeSecret) {
                options.append(.init(name: name, value: value))
            } else {
                ignored.append(name)
                continue
            }
            kept.append(pair)
            if DatabaseOptions.secret.contains(name) { mayBeSecret = true }
        }
        if !kept.isEmpty {
            text += "?" + kept.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "&")
        }
    }

    /// The text with % escapes decoded.
    private static func decoded(_ bytes: Bytes) throws(DatabaseURLError) -> String {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw .percent
            }
            decoded.append(high << 4 | low)
        }
        guard !decoded.contains(0) else { throw .controlCharacter }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .percent }
        return text
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
