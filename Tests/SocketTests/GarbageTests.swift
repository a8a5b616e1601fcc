import Contracts
import Foundation
import Glibc
import TestSupport
import Testing

/// A client that misbehaves does not hinder the others.
@Suite(.serialized, .withProcesses)
struct GarbageTests {
    static let residentBytesMax = 120 * 1_048_576
    /// The gateway waits this long for a response.
    static let callDeadline = Duration.seconds(10)

    /// Lets `misbehave` make its connections, keeps them open, and calls as other clients meanwhile.
    private func verify(
        _ binary: RivetBinary = .state, _ misbehave: (RivetProcess) throws -> [FrameClient]
    ) throws {
        let service = try running(binary)
        let before = try service.client()
        let culprits = try misbehave(service)
        var longest = Duration.zero
        for client in [before, try service.client()] {
            for round in 0..<20 {
                let start = ContinuousClock.now
                if binary == .state {
                    #expect(try client.result("state.save", saving("good", step: "s\(round)"))["durable"] == true)
                } else {
                    #expect(try client.result("library.list", ["user_id": "good"])["total"] == 0)
                }
                longest = max(longest, .now - start)
            }
        }
        #expect(longest < Self.callDeadline, "a call took \(longest)")
        #expect(try service.process.isRunning)
        let resident = try #require(try service.process.residentBytes)
        #expect(resident < Self.residentBytesMax, "\(resident / 1_048_576) MiB with \(culprits.count) culprits")
    }

    @Test func `Random bytes: hinder no other client`() throws {
        var random = SeededGenerator("Random bytes")
        try verify { service in
            try (0..<200).map { _ in
                let client = try service.client()
                let count = Int.random(in: 1...5_000, using: &random)
                // The service may have closed the connection already.
                try? client.sendBytes((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
                return client
            }
        }
    }

    /// Well-framed bodies that are nearly calls: a valid call with some bytes changed, removed or repeated.
    @Test(arguments: [RivetBinary.state, .library])
    func `Bodies that are nearly calls: hinder no other client`(_ binary: RivetBinary) throws {
        var random = SeededGenerator("Bodies that are nearly calls")
        let params =
            binary == .state
            ? saving("fuzz", data: ["n": .decimal("1.10"), "t": "é😀"], update: 7) : adding("fuzz", "Pump é😀")
        let method = binary == .state ? "state.save" : "library.add"
        try verify(binary) { service in
            let client = try service.client()
            for round in 0..<3_000 {
                var body = Array(FrameClient.request(method, params, id: 1).dropFirst(4))
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let position = Int.random(in: 0..<body.count, using: &random)
                    switch Int.random(in: 0...3, using: &random) {
                    case 0: body[position] = .random(in: 0...255, using: &random)
                    case 1: body.remove(at: position)
                    case 2: body.insert(contentsOf: body[position...].prefix(8), at: position)
                    default: body[position] = Array("{}[]\",:\\0e-".utf8).randomElement(using: &random) ?? 0
                    }
                    if body.isEmpty { body = [0x20] }
                }
                try client.sendBytes(FrameClient.frame(body))
                // Bodies that became notifications get no response. This call gets one, after all earlier bodies were
                // read.
                guard round.isMultiple(of: 30) else { continue }
                try client.sendBytes(FrameClient.request("service.health", [:], id: 1_000 + Int64(round)))
                while try client.response()["id"]?.integerValue != 1_000 + Int64(round) {}
            }
            return [client]
        }
    }

    @Test func `Frames of no length or too great a length: hinder no other client`() throws {
        try verify { service in
            try (0..<100).map { index in
                let client = try service.client()
                try client.sendBytes(index.isMultiple(of: 2) ? [0, 0, 0, 0] : [0x7F, 0xFF, 0xFF, 0xFF])
                try? client.sendBytes([UInt8](repeating: 0x20, count: 65_536))
                return client
            }
        }
    }

    @Test func `Frames cut off: hinder no other client, and are not executed`() throws {
        try verify { service in
            let whole = FrameClient.request("state.save", saving("cut", data: ["x": .string(of: "y", 1_000)]), id: 1)
            for length in stride(from: 1, to: whole.count, by: 23) {
                let client = try service.client()
                try client.sendBytes(Array(whole.prefix(length)))
                shutdown(client.descriptor, Int32(SHUT_WR))
                #expect(try client.isClosedByPeer())
            }
            #expect(try service.client().result("state.load", conversation("cut"))["state"] == .null)
            return []
        }
    }

    @Test func `Frames never finished: hinder no other client`() throws {
        try verify { service in
            try (0..<300).map { index in
                let client = try service.client()
                try client.sendBytes(
                    index.isMultiple(of: 3) ? [0, 0x10] : [0, 0x10, 0, 0] + Array(repeating: 0x20, count: 100_000))
                return client
            }
        }
    }

    /// A hundred unfinished frames of nearly the greatest length, about 100 MB together.
    @Test func `Unfinished frames of the greatest length: hinder no other client`() throws {
        try verify { service in
            try (0..<100).map { _ in
                let client = try service.client()
                try? client.sendBytes([0, 0x10, 0, 0] + Array(repeating: 0x20, count: 1_000_000))
                return client
            }
        }
    }

    @Test func `A client that never reads: hinders no other client`() throws {
        try verify { service in
            let large = try service.client()
            _ = try large.result("state.save", saving("large", data: ["x": .string(of: "y", 200_000)]))
            return try (0..<3).map { _ in
                let client = try service.client()
                // A client that does not read may reach the point where it cannot write either.
                _ = fcntl(client.descriptor, F_SETFL, O_NONBLOCK)
                for _ in 0..<1_000 { _ = try? client.send("state.load", conversation("large")) }
                return client
            }
        }
    }

    @Test func `A thousand pipelined calls: all answered, and another client is served`() throws {
        let service = try running(.state)
        let client = try service.client()
        let other = try service.client()
        for call in 0..<1_000 { try client.send("state.save", saving("u\(call)")) }
        for _ in 0..<20 { #expect(try other.result("state.save", saving("o"))["durable"] == true) }
        for _ in 0..<1_000 { #expect(try client.response()["result"]?["durable"] == true) }
    }

    @Test func `Three hundred idle connections: hinder no other client`() throws {
        try verify { service in
            try (0..<300).map { index in
                let client = try service.client()
                if index.isMultiple(of: 2) { _ = try client.result("service.health") }
                return client
            }
        }
    }

    @Test func `A thousand connections that come and go: hinder no other client`() throws {
        try verify(.library) { service in
            for _ in 0..<1_000 { _ = try service.client() }
            return []
        }
    }

    @Test func `An idle service: uses hardly any processor time`() async throws {
        let service = try running(.state)
        _ = try service.client().result("state.save", saving("u"))
        let before = try #require(try service.process.processorTicks)
        try await Task.sleep(for: .seconds(1))
        let after = try #require(try service.process.processorTicks)
        #expect(after - before <= 2, "\(after - before) ticks in a second in which nothing happened")
    }
}
