/// A page of a person's library. `previousData` and `nextData` are the callback data of the buttons to other pages.
public struct LibraryPage: Sendable, Equatable {
    public static let machinesMax = 20

    public var machines: [MachineLine]
    /// The number of the first machine on this page, from 1.
    public var firstNumber: Int
    /// Machines on all pages.
    public var total: Int
    /// What was searched for; nil for the whole library.
    public var query: String?
    public var previousData: String?
    public var nextData: String?

    public init(
        machines: [MachineLine], firstNumber: Int = 1, total: Int, query: String? = nil, previousData: String? = nil,
        nextData: String? = nil
    ) {
        self.machines = machines
        self.firstNumber = firstNumber
        self.total = total
        self.query = query
        self.previousData = previousData
        self.nextData = nextData
    }
}
