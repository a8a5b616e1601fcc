import Foundation
import Glibc
import Logging
import ServiceKit
import TestSupport
import Testing

@testable import Gateway

/// The allow-list with its file: starts, reloads, and a file system that refuses writes.
@Suite struct AllowListTests {
    private let directory: TestDirectory
    private var path: String { directory.path + "/gateway.allowed" }

    init() throws { directory = try TestDirectory() }

    private func started(_ setting: AllowedUsersSetting, at path: String? = nil) -> AllowList {
        AllowList(path: path ?? self.path, setting, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func admits(_ list: AllowList, _ user: Int64, in chat: Int64? = nil) -> Bool {
        list.current.admits(user, in: chat ?? user)
    }

    @Test func `A list that is no longer set: in force after a reload and after every start, with a remark`() {
        let first = started(.ids([7]))
        #expect(first.notice == nil)
        #expect(!first.reloaded(.missing))
        #expect(first.notice?.isTrouble == false && first.notice?.text.contains("not set any more") == true)
        for _ in 0..<2 {
            let next = started(.missing)
            #expect(admits(next, 7) && !admits(next, 8))
            #expect(next.notice?.isTrouble == false)
        }
        let other = started(.ids([8]))
        #expect(admits(other, 8) && !admits(other, 7) && other.notice == nil)
        #expect(other.reloaded(.everyone))
        #expect(admits(started(.missing), 9) && started(.missing).notice == nil)
    }

    @Test func `A first start without a list: lets everyone in, without a remark`() {
        #expect(admits(started(.missing), 9) && started(.missing).notice == nil)
    }

    @Test(arguments: ["", "x", "0 {}\n", "{\"allowed\":\"*\",\"became\":{}}\n"])
    func `A damaged file: kept, and everyone refused, until a list or a star is set`(_ text: String)
        throws
    {
        try directory.write(text, to: "gateway.allowed")
        for _ in 0..<2 {
            let list = started(.missing)
            #expect(!admits(list, 7))
            #expect(list.notice?.isTrouble == true && list.notice?.text.contains("\(path) is damaged") == true)
            #expect(!list.reloaded(.missing) && !admits(list, 7))
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        let list = started(.missing)
        #expect(list.reloaded(.ids([7])))
        #expect(admits(list, 7) && !admits(list, 8) && list.notice == nil)
        #expect(admits(started(.missing), 7))
    }

    @Test func `A directory in place of the file: everyone refused`() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let list = started(.missing)
        #expect(!admits(list, 7) && list.notice?.isTrouble == true)
        // While it cannot be replaced, only people on the given list are let in.
        let given = started(.ids([7]))
        #expect(admits(given, 7) && !admits(given, 8) && given.notice?.isTrouble == true)
    }

    /// Puts a directory that is not empty under the name of the new content, so that the file cannot be written.
    private func blocked(_ isBlocked: Bool) throws {
        let fresh = DurableFile.freshPath(path)
        if isBlocked {
            try FileManager.default.createDirectory(atPath: fresh + "/x", withIntermediateDirectories: true)
        } else {
            try FileManager.default.removeItem(atPath: fresh)
        }
    }

    @Test func `A list that cannot be stored: lets in only people on both it and the stored one`() throws {
        _ = started(.ids([1, 2]))
        try blocked(true)
        let list = started(.ids([2, 3]))
        #expect(!admits(list, 1) && admits(list, 2) && !admits(list, 3))
        #expect(list.notice?.isTrouble == true)
        #expect(list.reloaded(.everyone))
        #expect(admits(list, 1) && admits(list, 2) && !admits(list, 3))
        // If the process ends now, it has let in no more people.
        #expect(!admits(started(.missing), 3) && admits(started(.missing), 1))
        try blocked(false)
        #expect(list.reloaded(.missing))
        #expect(admits(list, 3) && list.notice == nil)
    }

    @Test func `A first start that cannot be stored: refuses everyone, or all who are not on the given list`()
        throws
    {
        let path = directory.path + "/none/gateway.allowed"
        let list = started(.missing, at: path)
        #expect(!admits(list, 7))
        #expect(list.notice?.text.hasPrefix("everyone is refused") == true && list.notice?.isTrouble == true)
        let given = started(.ids([7]), at: path)
        #expect(admits(given, 7) && !admits(given, 8))
    }

    @Test func `A list that could not be stored: stored as soon as it can be`() async throws {
        let path = directory.path + "/later/gateway.allowed"
        let list = started(.missing, at: path)
        let task = Task { await list.run() }
        try makeDirectory("later")
        try await eventually("everyone is let in") { admits(list, 7) && list.notice == nil }
        task.cancel()
        await task.value
        #expect(admits(started(.missing, at: path), 7))
    }

    private func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory.path + "/" + name, withIntermediateDirectories: false)
    }

    @Test func `A list that was written but not put in place: in force`() throws {
        let bytes = AllowListFile.bytes(AllowedUsers(.only([7])))
        try directory.write(String(decoding: bytes, as: UTF8.self), to: "gateway.allowed.new")
        let list = started(.missing)
        #expect(admits(list, 7) && !admits(list, 8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["gateway.allowed"])
    }

    @Test func `The supergroup of a listed group: let in from its message on, even after a start and a reload`() {
        let list = started(.ids([-1]))
        #expect(!admits(list, 7, in: -10))
        list.migrated(from: -1, to: -10)
        list.migrated(from: -2, to: -20)
        for list in [list, started(.missing), started(.ids([-1]))] {
            #expect(admits(list, 7, in: -1) && admits(list, 7, in: -10))
            #expect(!admits(list, 7, in: -20) && !admits(list, 7))
        }
        #expect(!list.reloaded(.ids([-1])))
        #expect(admits(list, 7, in: -10))
    }
}
