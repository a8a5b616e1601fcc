/// A point on the map that a person sent, perhaps with a name.
public struct MapPlace: Sendable, Hashable {
    /// In degrees.
    public var latitude: Double
    public var longitude: Double
    /// Of a venue: its name and its address.
    public var title: String?
    public var address: String?

    public init(latitude: Double, longitude: Double, title: String? = nil, address: String? = nil) {
        self.latitude = latitude
        self.longitude = longitude
        self.title = title
        self.address = address
    }
}

/// `location` of the Bot API.
struct LocationPin: Decodable {
    var latitude: Double
    var longitude: Double
}

/// `venue` of the Bot API. A message with one has a `location`, too.
struct Venue: Decodable {
    var location: LocationPin
    var title: String?
    var address: String?
}
