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

/// A page of a person's library. `previousData` and `nextData` are the callback data of the buttons that turn the page.
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

extension Dialogue {
    /// Another machine of the person was found under the same nickname, in a database that was away.
    public static func renamed(from earlier: String, to nickname: String) -> Reply {
        Reply(
            """
            ℹ️ There was another machine called \(bold: earlier) in your library already, stored while a database could \
            not be reached. Both are kept: the one that you added meanwhile is now called \(bold: nickname).

            View your library with /library
            """)
    }

    public static func library(_ page: LibraryPage) -> Reply {
        let title: Markup = "📚 \(bold: "Your Library")"
        let search: Markup = page.query.map { "\n🔎 \($0)" } ?? ""
        let turn =
            [("⬅️ Newer", page.previousData), ("Older ➡️", page.nextData)].compactMap { label, data in
                data.map { Reply.Button(label: label, data: $0) }
            }
        let buttons = turn.isEmpty ? [] : [turn]

        guard !page.machines.isEmpty else {
            let nothing: Markup =
                page.total > 0 || page.query != nil
                ? "Nothing found here." : "No equipment saved yet.\n\nSend a photo of equipment to get started!"
            return Reply("\(title)\(search)\n\n\(nothing)", buttons: buttons)
        }

        let machines = page.machines.enumerated().map { offset, machine -> Markup in
            """
            \(page.firstNumber + offset). \(bold: machine.nickname)
               \(machine.manufacturer ?? "Unknown") | \(machine.modelNumber ?? "N/A")
               📍 \(machine.location ?? "No location")
            """
        }
        let last = page.firstNumber + page.machines.count - 1
        let isWhole = page.firstNumber == 1 && last >= page.total
        let count: Markup = page.total == 1 ? "1 item" : "\(page.total) items"
        let range: Markup = isWhole ? "" : "\(page.firstNumber)–\(last) of "
        return Reply("\(title)\(search)\n\n\(.lines(machines))\n\n\(range)\(count)", buttons: buttons)
    }

    /// The library could not be read just now.
    public static func libraryUnavailable() -> Reply {
        Reply("❌ Error loading library. Please try again.", notice: "Please try again.")
    }
}
