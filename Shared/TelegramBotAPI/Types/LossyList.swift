/// A JSON array. Elements that do not decode are left out and counted.
struct LossyList<Element: Decodable>: Decodable {
    var elements: [Element] = []
    var dropped = 0

    private struct Anything: Decodable {}

    init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        while !values.isAtEnd {
            if let element = try? values.decode(Element.self) {
                elements.append(element)
            } else {
                // An element that did not decode is not consumed, so skip it.
                dropped += 1
                _ = try values.decode(Anything.self)
            }
        }
    }
}
