import Foundation
import Glibc
import Testing

@testable import TelegramBotAPI

@Suite(.timeLimit(.minutes(1)))
struct CurlTransportTests {
    private func request(
        _ url: String, body: String = "{}", timeout: Duration = .seconds(20), isRepeatable: Bool = false
    ) -> HTTPRequest {
        HTTPRequest(url: url, body: Array(body.utf8), timeout: timeout, isRepeatable: isRepeatable)
    }

    @Test func `A response: returned whole`() async throws {
        let server = try LoopbackServer { .http(status: 207, body: $0.body) }
        defer { server.stop() }
        let body = String(repeating: "ä", count: 200_000)
        let outcome = await CurlTransport().send(request(server.url + "/a", body: body))
        #expect(outcome == .response(status: 207, body: Array(body.utf8)))
        #expect(server.requests.map(\.path) == ["/a"])
    }

    @Test func `One connection: serves calls one after the other`() async throws {
        let server = try LoopbackServer { _ in .ok("1") }
        defer { server.stop() }
        let transport = CurlTransport()
        for _ in 0..<5 { _ = await transport.send(request(server.url)) }
        #expect(server.requests.map(\.connection) == [1, 1, 1, 1, 1])
    }

    @Test func `Many calls at once: all answered`() async throws {
        let server = try LoopbackServer { .http(status: 200, body: $0.path) }
        defer { server.stop() }
        let transport = CurlTransport()
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<300 {
                group.addTask {
                    await transport.send(request(server.url + "/\(number)"))
                        == .response(status: 200, body: Array("/\(number)".utf8))
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test func `A refused connection: reported as not sent`() async throws {
        let outcome = await CurlTransport().send(request("http://127.0.0.1:\(try LoopbackServer.closedPort())"))
        guard case .notSent(let failure) = outcome else { throw UnexpectedOutcome(outcome) }
        #expect(failure.reason == .cannotConnect)
    }

    @Test func `A failed TLS handshake: reported as not sent`() async throws {
        // The server receives a TLS greeting, which is no HTTP request, and never responds with TLS.
        let server = try LoopbackServer { _ in .close }
        defer { server.stop() }
        let transport = CurlTransport()
        let answer = Task { await transport.send(request("https://127.0.0.1:\(server.port)", timeout: .seconds(1))) }
        guard case .notSent(let failure) = await answer.value else { throw UnexpectedOutcome(await answer.value) }
        #expect([.tlsFailed, .timedOut].contains(failure.reason))
    }

    @Test(arguments: ["nonsense://127.0.0.1/", "http://[::1", ""])
    func `A malformed URL: reported as not sent`(_ url: String) async throws {
        guard case .notSent(let failure) = await CurlTransport().send(request(url)) else {
            throw UnexpectedOutcome(url)
        }
        #expect(failure.reason == .invalidURL || failure.reason == .other)
    }

    @Test func `A reset before the request was read: no response`() async throws {
        let server = try LoopbackServer(resetsAtAccept: true) { _ in .ok("1") }
        defer { server.stop() }
        // The kernel decides whether a byte leaves before the RST arrives; both outcomes are right, each in its case.
        switch await CurlTransport().send(request(server.url)) {
        case .response(let status, _): Issue.record("answered \(status)")
        case .notSent(let failure), .outcomeUnknown(let failure): #expect(failure.reason != .timedOut)
        }
    }

    @Test(arguments: [
        LoopbackServer.Reply.reset, .close, .raw("HTTP/1.1 2"), .http(status: 200, body: "x", contentLength: 9),
    ])
    func `A break after the request was read: an unknown outcome`(_ reply: LoopbackServer.Reply) async throws {
        let server = try LoopbackServer { _ in reply }
        defer { server.stop() }
        let outcome = await CurlTransport().send(request(server.url, timeout: .milliseconds(500)))
        guard case .outcomeUnknown(let failure) = outcome else { throw UnexpectedOutcome(outcome) }
        #expect(failure.reason == .interrupted || failure.reason == .timedOut)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [LoopbackServer.Reply.hold, .trickle])
    func `A slow server: times out with an unknown outcome`(_ reply: LoopbackServer.Reply) async throws {
        let server = try LoopbackServer { _ in reply }
        defer { server.stop() }
        let started = ContinuousClock.now
        let outcome = await CurlTransport().send(request(server.url, timeout: .milliseconds(200)))
        guard case .outcomeUnknown(let failure) = outcome else { throw UnexpectedOutcome(outcome) }
        #expect(failure.reason == .timedOut)
        #expect(ContinuousClock.now - started < .seconds(10))
    }

    @Test func `A response beyond the bound: cut off`() async throws {
        let server = try LoopbackServer { _ in .http(status: 200, body: String(repeating: "x", count: 100_001)) }
        defer { server.stop() }
        var limits = CurlLimits()
        limits.responseBytesMax = 100_000
        let outcome = await CurlTransport(limits: limits).send(request(server.url))
        guard case .outcomeUnknown(let failure) = outcome else { throw UnexpectedOutcome(outcome) }
        #expect(failure.reason == .responseTooLarge)
    }

    /// libcurl repeats a request automatically if a kept-alive connection dies without a response. That would send a
    /// message twice.
    @Test(arguments: [false, true])
    func `A request that dies on a kept connection: repeated only if it is repeatable`(
        _ isRepeatable: Bool
    ) async throws {
        let server = try LoopbackServer { $0.path == "/second" && $0.connection == 1 ? .close : .ok("1") }
        defer { server.stop() }
        let transport = CurlTransport()
        _ = await transport.send(request(server.url + "/first"))
        let outcome = await transport.send(request(server.url + "/second", isRepeatable: isRepeatable))
        if isRepeatable {
            guard case .response(status: 200, _) = outcome else { throw UnexpectedOutcome(outcome) }
            #expect(server.requests.map(\.path) == ["/first", "/second", "/second"])
            #expect(server.requests.last?.body == "{}")
        } else {
            guard case .outcomeUnknown(let failure) = outcome else { throw UnexpectedOutcome(outcome) }
            #expect(failure.reason == .interrupted)
            #expect(server.requests.map(\.path) == ["/first", "/second"])
        }
    }

    @Test func `A call after a timeout: uses a fresh connection`() async throws {
        let server = try LoopbackServer { $0.path == "/stuck" ? .hold : .ok("1") }
        defer { server.stop() }
        let transport = CurlTransport()
        _ = await transport.send(request(server.url + "/a"))
        _ = await transport.send(request(server.url + "/stuck", timeout: .milliseconds(100)))
        for _ in 0..<2 { _ = await transport.send(request(server.url + "/b")) }
        #expect(server.requests.map(\.connection) == [1, 1, 2, 2])
    }

    @Test func `Cancellation: aborts the transfer`() async throws {
        let server = try LoopbackServer { _ in .hold }
        defer { server.stop() }
        let transport = CurlTransport()
        let task = Task { await transport.send(request(server.url)) }
        await server.reached(requests: 1)
        task.cancel()
        #expect(await task.value == .outcomeUnknown(HTTPFailure(.cancelled)))
        await server.reached(gone: 1)
    }

    @Test func `A task canceled before its call: sends nothing`() async throws {
        let server = try LoopbackServer { _ in .ok("1") }
        defer { server.stop() }
        let transport = CurlTransport()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await transport.send(request(server.url))
        }
        #expect(await task.value == .notSent(HTTPFailure(.cancelled)))
        #expect(server.requests.isEmpty)
    }

    @Test func `Cancellation at any moment: resumes the call once`() async throws {
        let server = try LoopbackServer { _ in .ok("1") }
        defer { server.stop() }
        let transport = CurlTransport()
        for _ in 0..<200 {
            let task = Task { await transport.send(request(server.url)) }
            await Task.yield()
            task.cancel()
            _ = await task.value
        }
    }

    @Test func `A shutdown: ends the calls in flight and refuses later ones`() async throws {
        let server = try LoopbackServer { _ in .hold }
        defer { server.stop() }
        let transport = CurlTransport()
        let task = Task { await transport.send(request(server.url)) }
        await server.reached(requests: 1)
        transport.shutDown()
        #expect(await task.value == .outcomeUnknown(HTTPFailure(.transportShutDown)))
        #expect(await transport.send(request(server.url)) == .notSent(HTTPFailure(.transportShutDown)))
    }

    @Test func `Calls beyond the bound: refused as not sent`() async throws {
        let server = try LoopbackServer { _ in .hold }
        defer { server.stop() }
        var limits = CurlLimits()
        limits.requestsMax = 1
        let transport = CurlTransport(limits: limits)
        let task = Task { await transport.send(request(server.url)) }
        await server.reached(requests: 1)
        #expect(await transport.send(request(server.url)) == .notSent(HTTPFailure(.tooManyRequestsInFlight)))
        task.cancel()
        _ = await task.value
    }

    @Test func `Sockets: close-on-exec`() async throws {
        let server = try LoopbackServer { _ in .ok("1") }
        defer { server.stop() }
        let transport = CurlTransport()
        _ = await transport.send(request(server.url))
        var seen = 0
        for descriptor in Int32(3)..<65_536 {
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isOurs = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) == 0 }
            }
            guard isOurs, address.sin_family == AF_INET, UInt16(bigEndian: address.sin_port) == server.port else {
                continue
            }
            seen += 1
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
        #expect(seen == 1)
        transport.shutDown()
    }

    @Test func `The URL: not in the description of a request`() {
        let request = request("http://127.0.0.1/bot1:SECRET/getMe")
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped] { #expect(!text.contains("SECRET")) }
    }
}

/// A value that a test did not expect; throwing it ends the test.
struct UnexpectedOutcome: Error, CustomStringConvertible {
    let description: String
    init(_ value: some Any) { description = "unexpected: \(value)" }
}
