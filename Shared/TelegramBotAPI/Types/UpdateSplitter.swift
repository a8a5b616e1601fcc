/// Splits a response of `getUpdates` into the bytes of its updates without decoding them. So a defect in one update,
/// such as nesting too deep for the decoder, does not affect the others.
///
/// It only requires that brackets and strings are closed.
struct UpdateSplitter {
    struct Piece: Equatable {
        /// Nil if the update has no id, or one that is not an `Int64`.
        var id: Int64?
        /// The first other member. By Telegram's documentation its name is the kind of the update.
        var kind: String?
        var range: Range<Int>
    }

    private let bytes: [UInt8]
    private var position = 0

    /// The pieces of a response that has `"ok": true` and a list as its result; nil for any other response, and for a
    /// truncated one.
    static func pieces(of body: [UInt8]) -> [Piece]? {
        var splitter = UpdateSplitter(bytes: body)
        var pieces: [Piece]?
        var isOK = false
        let isWhole = splitter.members { splitter, key in
            switch key {
            case "result": pieces = splitter.elements()
            case "ok": isOK = splitter.value().map { Array(body[$0]) == Array("true".utf8) } ?? false
            default: splitter.skip()
            }
        }
        return isWhole && isOK ? pieces : nil
    }

    /// A single update, as Telegram sends it to a webhook; nil if the body is not an object or is truncated.
    static func piece(of body: [UInt8]) -> Piece? {
        var splitter = UpdateSplitter(bytes: body)
        splitter.skipBlanks()
        guard splitter.current == 0x7B, let range = splitter.value() else { return nil }
        return splitter.piece(range)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    /// Skips `byte` if it comes next. Returns whether it did.
    private mutating func take(_ byte: Character) -> Bool {
        skipBlanks()
        guard current == byte.asciiValue else { return false }
        position += 1
        return true
    }

    // MARK: - Values

    /// Calls `member` with the key of each member of the next object; `member` must skip the value. Returns false if no
    /// object comes next or it is truncated.
    private mutating func members(_ member: (inout UpdateSplitter, String) -> Void) -> Bool {
        guard take("{") else { return false }
        if take("}") { return true }
        repeat {
            skipBlanks()
            let start = position
            guard skipString() else { return false }
            let key = String(decoding: bytes[start + 1..<position - 1], as: UTF8.self)
            guard take(":") else { return false }
            let before = position
            member(&self, key)
            guard position > before else { return false }
        } while take(",")
        return take("}")
    }

    /// The elements of the next list; nil, without skipping anything, if no list comes next or it is truncated.
    private mutating func elements() -> [Piece]? {
        let start = position
        guard take("[") else { return nil }
        var pieces: [Piece] = []
        if take("]") { return pieces }
        repeat {
            guard let range = value() else {
                position = start
                return nil
            }
            pieces.append(piece(range))
        } while take(",")
        guard take("]") else {
            position = start
            return nil
        }
        return pieces
    }

    private func piece(_ range: Range<Int>) -> Piece {
        var piece = Piece(range: range)
        var inner = self
        inner.position = range.lowerBound
        _ = inner.members { inner, key in
            guard let value = inner.value() else { return }
            if key == "update_id" {
                piece.id = Int64(String(decoding: bytes[value], as: UTF8.self))
            } else if piece.kind == nil {
                piece.kind = key
            }
        }
        return piece
    }

    /// Skips the next value; skips nothing if the value is truncated.
    private mutating func skip() { _ = value() }

    private mutating func value() -> Range<Int>? {
        skipBlanks()
        let start = position
        guard skipValue(), position > start else {
            position = start
            return nil
        }
        return start..<position
    }

    private mutating func skipValue() -> Bool {
        var depth = 0
        while let byte = current {
            switch byte {
            case 0x22:
                guard skipString() else { return false }
                if depth == 0 { return true }
            case 0x7B, 0x5B:
                depth += 1
                position += 1
            case 0x7D, 0x5D:
                // The end of the object or list that contains a number or a literal.
                if depth == 0 { return true }
                depth -= 1
                position += 1
                if depth == 0 { return true }
            case 0x2C, 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return true }
                position += 1
            default: position += 1
            }
        }
        return false
    }

    private mutating func skipString() -> Bool {
        guard current == 0x22 else { return false }
        position += 1
        while let byte = current {
            position += byte == 0x5C ? 2 : 1
            if byte == 0x22 { return true }
        }
        return false
    }
}
