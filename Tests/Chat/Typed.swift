/// The meaning of a typed text.
enum Typed: Equatable {
    case text(String)
    /// The button of this number, counted from 1.
    case tap(Int)
    case photo(path: String)
    case nothing
    case quit

    init(_ line: String) throws(ChatError) {
        let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true).map(String.init)
        guard let first = words.first else {
            self = .nothing
            return
        }
        let rest = words.count > 1 ? words[1] : ""
        switch first {
        case "/quit" where rest.isEmpty: self = .quit
        case "/tap":
            guard let number = Self.number(rest) else {
                throw ChatError("/tap takes the number of a button of the last message: /tap 2, or #2")
            }
            self = .tap(number)
        case "/photo":
            let path = ShellPath.expanded(rest)
            guard !path.isEmpty else { throw ChatError("/photo takes the path of an image: /photo ~/pump.jpg") }
            self = .photo(path: path)
        case _ where first.hasPrefix("#") && rest.allSatisfy({ $0 == " " }):
            // `#` with anything but a number is a text.
            self = Self.number(String(first.dropFirst())).map { .tap($0) } ?? .text(line)
        default: self = .text(line)
        }
    }

    private static func number(_ text: String) -> Int? {
        let digits = text.drop { $0 == " " }.prefix { $0 != " " }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(digits) ?? .max
    }
}
