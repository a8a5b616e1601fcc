/// One machine in a list.
public struct MachineLine: Sendable, Equatable {
    public var nickname: String
    public var manufacturer: String?
    public var modelNumber: String?
    public var location: String?

    public init(nickname: String, manufacturer: String?, modelNumber: String?, location: String?) {
        self.nickname = nickname
        self.manufacturer = manufacturer
        self.modelNumber = modelNumber
        self.location = location
    }
}
