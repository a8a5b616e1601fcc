import Foundation

/// A Markdown file of figures: each run is a section of it, the newest first.
struct FigureFile {
    private static let heading = "\n## "

    var path: String

    /// Adds a section for a run that has just ended, above the existing ones. The text above the first section stays.
    ///
    /// The file is replaced in one step. If it is missing, it is created.
    /// - Parameter commit: what was built; nil if that is not known.
    /// - Throws: when the file cannot be read or written.
    func add(_ figures: [Figure], commit: String?) throws {
        let old =
            FileManager.default.fileExists(atPath: path)
            ? try String(contentsOfFile: path, encoding: .utf8) : "# Figures\n"
        let end = old.range(of: Self.heading)?.lowerBound ?? old.endIndex
        let new = old[..<end] + Self.section(figures, commit: commit) + old[end...]
        try new.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static func section(_ figures: [Figure], commit: String?) -> String {
        var (rows, notes): ([String], [String]) = ([], [])
        for figure in figures {
            switch figure {
            case .checked(let name, let measured, let bound): rows.append("| \(name) | \(measured) | \(bound) |")
            case .note(let line): notes.append("- \(line)")
            }
        }
        let day = Date().ISO8601Format().prefix(10)
        let title = "\(heading)\(day)\(commit.map { ", commit \($0)" } ?? "")"
        let head = [title, "", machine, "", "| what | measured | bound |", "|---|---|---|"]
        let lines = head + rows + (notes.isEmpty ? [] : [""]) + notes
        return lines.joined(separator: "\n") + "\n"
    }

    /// What the figures depend on: processors, system, and how busy others keep them.
    private static var machine: String {
        var loads = [Double](repeating: 0, count: 3)
        let load = getloadavg(&loads, 3) == 3 ? "; load \(loads[1].text(1)) in the last five minutes" : ""
        let info = ProcessInfo.processInfo
        return "\(info.activeProcessorCount) processors; \(info.operatingSystemVersionString)\(load)."
    }
}
