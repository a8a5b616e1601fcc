import Contracts
import NIOHTTP1

/// The purpose of a request, by its path alone.
enum Route: Equatable {
    /// `/bot<token>/<method>`
    case method(String, token: String)
    /// `/file/bot<token>/<path>`
    case file(path: String, token: String)
    /// `/control/<verb>`
    case control(verb: String)
    case unknown

    init(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        if parts.count == 2, parts[0].hasPrefix("bot") {
            self = .method(parts[1], token: String(parts[0].dropFirst(3)))
        } else if parts.count >= 3, parts[0] == "file", parts[1].hasPrefix("bot") {
            self = .file(path: parts[2...].joined(separator: "/"), token: String(parts[1].dropFirst(3)))
        } else if parts.count == 2, parts[0] == "control" {
            self = .control(verb: parts[1])
        } else {
            self = .unknown
        }
    }

    /// The Bot API method; nil for anything else.
    var method: String? {
        guard case .method(let name, _) = self else { return nil }
        return name
    }
}

/// A complete request.
struct ReceivedRequest: Sendable {
    static let bodyBytesMax = 4 * 1024 * 1024

    let path: String
    let query: String
    let contentType: String
    let body: [UInt8]

    init(head: HTTPRequestHead, body: [UInt8]) {
        let parts = head.uri.split(separator: "?", maxSplits: 1).map(String.init)
        path = FormCoding.decode(parts.first ?? "/", plusIsSpace: false)
        query = parts.count > 1 ? parts[1] : ""
        contentType = head.headers.first(name: "content-type")?.lowercased() ?? ""
        self.body = body
    }

    /// The parameters of the query and of the body; the body's override the query's.
    /// - Throws: `APIError` 400 for a body that does not match its type.
    func parameters() throws(APIError) -> [String: JSONValue] {
        var members = FormCoding.parse(query)
        guard !body.isEmpty else { return members }
        if contentType.hasPrefix("application/json") {
            guard let parsed = try? JSONValue(parsing: body), let object = parsed.objectValue else {
                throw .badRequest("can't parse JSON object")
            }
            members.merge(object) { $1 }
        } else if contentType.hasPrefix("application/x-www-form-urlencoded") {
            members.merge(FormCoding.parse(String(decoding: body, as: UTF8.self))) { $1 }
        } else if contentType.hasPrefix("multipart/form-data") {
            throw .badRequest("this server takes no multipart/form-data")
        }
        return members
    }
}

/// `application/x-www-form-urlencoded`.
enum FormCoding {
    static func parse(_ text: String) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = parts.count > 1 ? decode(parts[1], plusIsSpace: true) : ""
            members[decode(parts[0], plusIsSpace: true)] = .string(value)
        }
        return members
    }

    static func decode(_ text: String, plusIsSpace: Bool) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                output.append(value)
                index += 3
                continue
            }
            output.append(plusIsSpace && bytes[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[index])
            index += 1
        }
        return String(decoding: output, as: UTF8.self)
    }
}
