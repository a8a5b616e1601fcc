import Contracts
import Glibc
import Persistence
import TestSupport
import Testing

extension ServerTests {
    @Suite struct ConnectionTests {
        private static let echo = "SELECT $1::text, $2::bigint, $3::text, $4::boolean"

        /// A statement that inserts `number`, so that a test can see whether it took effect.
        private static func insert(_ number: Int) -> PostgresStatement {
            PostgresStatement("INSERT INTO t VALUES ($1::bigint) ON CONFLICT DO NOTHING", [String(number)])
        }

        /// A connection through a proxy to a database with a table `t`, and one that bypasses the proxy.
        private func proxied() async throws -> (FaultProxy, through: PostgresConnection, past: PostgresConnection) {
            let cluster = try Server.cluster
            let name = try await Server.database()
            let past = try await Server.connect(cluster.url(database: name))
            try await past.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            let proxy = try FaultProxy(to: cluster.port)
            return (proxy, try await Server.connect(cluster.tcpURL(database: name, port: proxy.port)), past)
        }

        private func numbers(_ connection: PostgresConnection) async throws -> Int64? {
            try await connection.run("SELECT count(*) FROM t").rows[0].integer(0)
        }

        // MARK: Values

        @Test func `Values: come back unchanged`() async throws {
            let connection = try await Server.freshDatabase()
            let notes = String(repeating: "n\u{301}🔧", count: 1_000)
            for text in ["", "Pump 🔧 \"a\" 'b' \\ \\n %s $1", "é", "\u{1}\t\r\n", notes, "{\"a\":[1,null]}"] {
                let row = try await connection.run(Self.echo, [text, String(Int64.min), nil, "t"]).rows[0]
                #expect(row.text(0)?.utf8.elementsEqual(text.utf8) == true)
                #expect(row.integer(1) == .min)
                #expect(row.text(2) == nil)
                #expect(row.flag(3) == true)
            }
        }

        @Test func `A value with NUL: not sent`() async throws {
            let connection = try await Server.freshDatabase()
            let error = try await connection.refusal([PostgresStatement(Self.echo, ["a\0b", "1", nil, "t"])])
            #expect(error.outcome == .notSent && error.failure == .bug)
            #expect(connection.end == nil)
        }

        @Test func `Affected rows: counted`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            #expect(try await connection.run("INSERT INTO t SELECT generate_series(1, 5)").affectedRows == 5)
            #expect(try await connection.run(Self.insert(5)).affectedRows == 0)
            #expect(
                try await connection.run("SELECT n FROM t ORDER BY n").rows.map { $0.integer(0) } == [1, 2, 3, 4, 5])
            #expect(try await connection.submit([]).value.get() == [])
        }

        @Test func `The session: has the settings of the URL`() async throws {
            let connection = try await Server.connect(
                try Server.cluster.tcpURL() + "&application_name=mine&options=-c%20DateStyle%3DGerman")
            #expect(try await connection.run("SHOW application_name").rows[0].text(0) == "mine")
            #expect(try await connection.run("SHOW DateStyle").rows[0].text(0) == "German, DMY")
            #expect(try await connection.run("SHOW client_encoding").rows[0].text(0) == "UTF8")
        }

        // MARK: Transactions

        @Test func `An error: rolls back its batch and no other`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            let clash = PostgresStatement("INSERT INTO t VALUES (1)")
            let promises = [
                connection.submit([Self.insert(1)]),
                connection.submit([Self.insert(2), clash, Self.insert(3)]),
                connection.submit([PostgresStatement("SELEKT")]),
                connection.submit([Self.insert(4)]),
            ]
            var outcomes: [PostgresConnection.Outcome] = []
            for promise in promises { outcomes.append(await promise.value) }
            #expect(throws: Never.self) { (try outcomes[0].get(), try outcomes[3].get()) }
            let conflict = #expect(throws: PostgresError.self) { try outcomes[1].get() }
            #expect(conflict?.outcome == .refused && conflict?.failure == .conflict)
            #expect(conflict?.statement == 1 && conflict?.constraint == nil && conflict?.sqlState?.code == "23505")
            let bug = #expect(throws: PostgresError.self) { try outcomes[2].get() }
            #expect(bug?.failure == .bug && bug?.sqlState?.code == "42601")
            #expect(try await connection.run("SELECT n FROM t ORDER BY n").rows.map { $0.integer(0) } == [1, 4])
        }

        /// There are refusals anywhere among many batches, and all responses arrive together.
        @Test func `Every mix of results and refusals: assigned to the right batches`() async throws {
            var random = SeededGenerator("everyMixOfAnswersIsToldApart")
            let (proxy, connection, _) = try await proxied()
            proxy.set(.holdAnswers)
            let before = proxy.syncs
            let batches = (0..<200).map { _ in
                (0..<Int.random(in: 1...5, using: &random)).map { _ in Int.random(in: 0..<6, using: &random) }
            }
            // The server refuses a division by zero.
            let promises = batches.map { batch in
                connection.submit(
                    batch.map { PostgresStatement("SELECT 60 / $1::int", [String($0)]) }, deadline: .seconds(20))
            }
            await proxy.sent(syncs: before + batches.count)
            proxy.set(.pass)
            for (batch, promise) in zip(batches, promises) {
                switch await promise.value {
                case .success(let results):
                    #expect(results.map { $0.rows[0].integer(0) } == batch.map { 60 / Int64($0) })
                case .failure(let error):
                    #expect(error.statement == batch.firstIndex(of: 0) && error.sqlState?.code == "22012")
                }
            }
            #expect(connection.end == nil)
        }

        /// The server may refuse at the very end, after every statement succeeded.
        @Test func `A commit that is refused after all statements: no success`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
            let insert = PostgresStatement("INSERT INTO t VALUES (1)")
            let refused = connection.submit([insert, insert])
            let done = connection.submit([insert])
            guard case .failure(let refusal) = await refused.value else {
                throw ChildProcess.Failure(description: "done")
            }
            #expect(refusal.outcome == .refused && refusal.failure == .conflict && refusal.operation == "COMMIT")
            #expect(try await done.value.get()[0].affectedRows == 1)
            #expect(try await numbers(connection) == 1)
        }

        @Test func `Many batches: share a round trip`() async throws {
            let (proxy, connection, _) = try await proxied()
            proxy.set(.holdAnswers)
            let before = proxy.syncs
            let promises = (0..<200).map { connection.submit([Self.insert($0)], deadline: .seconds(20)) }
            // All of them were sent, and no response came back.
            await proxy.sent(syncs: before + 200)
            proxy.set(.pass)
            for promise in promises { #expect(try await promise.value.get()[0].affectedRows == 1) }
        }

        /// This is more than the buffers of both ends hold. A side that only sends would block.
        @Test func `Big batches in both directions: do not block each other`() async throws {
            let connection = try await Server.connect(try Server.cluster.tcpURL())
            let text = String(repeating: "x", count: 200_000)
            let promises = (0..<50).map { _ in
                connection.submit([PostgresStatement("SELECT $1::text", [text])], deadline: .seconds(20))
            }
            for promise in promises { #expect(try await promise.value.get()[0].rows[0].text(0) == text) }
        }

        @Test func `Many submitters: all get their results`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        for turn in 0..<10 {
                            let result = try await connection.run(
                                "INSERT INTO t VALUES ($1::bigint) RETURNING n", ["\(number * 10 + turn)"])
                            #expect(result.rows[0].integer(0) == Int64(number * 10 + turn))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await numbers(connection) == 640)
        }

        // MARK: The end of a connection

        @Test func `A connection to a frozen server: ended by the deadline`() async throws {
            let cluster = try Server.cluster
            let ended = Promise<PostgresError>()
            let connection = try await Server.connect(cluster.tcpURL(), ended: ended.fulfill)
            try await connection.run("SELECT 1")
            cluster.freeze()
            defer { cluster.thaw() }
            let started = ContinuousClock.now
            let promises = (0..<3).map { _ in
                connection.submit([PostgresStatement("SELECT 1")], deadline: .milliseconds(200))
            }
            for promise in promises {
                guard case .failure(let error) = await promise.value else {
                    throw ChildProcess.Failure(description: "answered")
                }
                #expect(error.outcome == .outcomeUnknown && error.failure == .reconnect)
            }
            let lasted = ContinuousClock.now - started
            #expect(lasted >= .milliseconds(200) && lasted < .seconds(2))
            #expect(await ended.value == connection.end)
            #expect(try await connection.refusal([PostgresStatement("SELECT 1")]).outcome == .notSent)
        }

        @Test func `An attempt to connect to a frozen server: ended by the deadline`() async throws {
            let cluster = try Server.cluster
            cluster.freeze()
            defer { cluster.thaw() }
            for url in [cluster.url(), cluster.tcpURL()] {
                let error = try await Server.refusal(url, deadline: .milliseconds(200))
                #expect(error.failure == .reconnect && error.outcome == .notSent)
            }
        }

        @Test func `A network that drops everything: detected by the deadline`() async throws {
            let (proxy, connection, past) = try await proxied()
            proxy.set(.blackhole)
            let error = try await connection.refusal([Self.insert(1)], deadline: .milliseconds(200))
            #expect(error.outcome == .outcomeUnknown)
            #expect(try await numbers(past) == 0)
        }

        @Test func `A reset in the middle: leaves the outcome unknown`() async throws {
            let (proxy, connection, past) = try await proxied()
            proxy.set(.holdAnswers)
            let before = proxy.syncs
            let promises = (0..<10).map { connection.submit([Self.insert($0)]) }
            await proxy.sent(syncs: before + 10)
            proxy.reset()
            for promise in promises {
                guard case .failure(let error) = await promise.value else {
                    throw ChildProcess.Failure(description: "answered")
                }
                #expect(error.outcome == .outcomeUnknown && error.failure == .reconnect)
            }
            // When repeated, each is stored once, no matter what happened to the first attempt.
            for number in 0..<10 { try await past.run(Self.insert(number)) }
            #expect(try await numbers(past) == 10)
        }

        @Test func `A cut after the commit: the outcome is unknown, and the row is stored`() async throws {
            let (proxy, connection, past) = try await proxied()
            proxy.set(.cutBeforeAnswer)
            let error = try await connection.refusal([Self.insert(1)])
            #expect(error.outcome == .outcomeUnknown && error.failure == .reconnect)
            #expect(try await numbers(past) == 1)
            #expect(try await past.run(Self.insert(1)).affectedRows == 0)
        }

        @Test func `A port without a listener or an unknown host: a reason to connect again`() async throws {
            let (proxy, connection, _) = try await proxied()
            proxy.set(.refuse)
            let lost = try await connection.refusal([Self.insert(1)])
            #expect(lost.failure == .reconnect)
            let refused = try await Server.refusal(try Server.cluster.tcpURL(port: proxy.port))
            #expect(refused.failure == .reconnect && refused.cause == .refused)
            proxy.set(.pass)
            _ = try await Server.connect(try Server.cluster.tcpURL(port: proxy.port))
            let unknown = try await Server.refusal("postgresql://nowhere.invalid/rivet", deadline: .seconds(2))
            #expect(unknown.failure == .reconnect && unknown.operation.contains("nowhere.invalid"))
        }

        @Test(arguments: [FaultProxy.Behaviour.refuse, .blackhole])
        func `A host that fails: the next one of the URL is tried`(_ behaviour: FaultProxy.Behaviour) async throws {
            let cluster = try Server.cluster
            let proxy = try FaultProxy(to: cluster.port)
            proxy.set(behaviour)
            let hosts = "@127.0.0.1:\(proxy.port),localhost:\(cluster.port)/"
            let url = cluster.tcpURL().replacing("@127.0.0.1:\(cluster.port)/", with: hosts)
            #expect(try await Server.connect(url, deadline: .seconds(1)).run("SELECT 1").rows.count == 1)
        }

        @Test func `A close: submitted batches still get their results`() async throws {
            let ended = Promise<PostgresError>()
            let connection = try await Server.connect(try Server.cluster.url(), ended: ended.fulfill)
            let promises = (0..<50).map { _ in connection.submit([PostgresStatement("SELECT 1")]) }
            connection.close()
            let late = try await connection.refusal([PostgresStatement("SELECT 1")])
            #expect(late.outcome == .notSent)
            for promise in promises { #expect(try await promise.value.get()[0].rows.count == 1) }
            #expect(await ended.value.operation == "close")
        }

        @Test func `A connection without an owner: closed`() async throws {
            let ended = Promise<PostgresError>()
            _ = try await Server.connect(try Server.cluster.url(), ended: ended.fulfill)
            #expect(await ended.value.operation == "close")
        }

        @Test func `A socket: close-on-exec`() async throws {
            let connection = try await Server.connect(try Server.cluster.tcpURL())
            let port = try await connection.run("SELECT inet_client_port()").rows[0].integer(0)
            let descriptor = try #require((0..<1_024).first { localPort($0).map(Int64.init) == port })
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }

        /// Waits until the server runs the statement of the two tests that interrupt one.
        private func sleepIsUnderWay() async throws {
            let watcher = try await Server.connect(try Server.cluster.url())
            let question = "SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(20)' AND state = 'active'"
            while try await watcher.run(question).rows.isEmpty {}
        }

        private func localPort(_ descriptor: Int32) -> UInt16? {
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
            }
            return code == 0 && address.sin_family == sa_family_t(AF_INET) ? UInt16(bigEndian: address.sin_port) : nil
        }

        // MARK: The server's errors

        @Test func `A wrong password: named as the cause and not shown`() async throws {
            let error = try await Server.refusal(try Server.cluster.tcpURL(password: "wr0ng"))
            #expect(error.sqlState?.code == "28P01" && error.failure == .unusable)
            #expect(!String(reflecting: error).contains("wr0ng"))
        }

        @Test func `An unknown database: named as the cause`() async throws {
            let error = try await Server.refusal(try Server.cluster.tcpURL(database: "nowhere"))
            #expect(error.sqlState?.code == "3D000" && error.failure == .unusable)
            #expect(error.description.contains("nowhere"))
        }

        @Test func `Too many connections: named as the cause`() async throws {
            let admin = try await Server.connect(try Server.cluster.url())
            try await admin.run("CREATE ROLE narrow LOGIN PASSWORD 'n' CONNECTION LIMIT 1")
            let first = try await Server.connect(try Server.cluster.tcpURL(user: "narrow", password: "n"))
            let error = try await Server.refusal(try Server.cluster.tcpURL(user: "narrow", password: "n"))
            #expect(error.sqlState?.code == "53300" && error.failure == .unusable)
            #expect(first.end == nil)
        }

        @Test func `A read-only database: unusable`() async throws {
            let url = try Server.cluster.tcpURL() + "&options=-c%20default_transaction_read_only%3Don"
            let connection = try await Server.connect(url)
            let error = try await connection.refusal([PostgresStatement("CREATE TABLE never (n INT)")])
            #expect(error.sqlState?.code == "25006" && error.failure == .unusable && error.outcome == .refused)
            #expect(connection.end == nil)
            let refused = try await Server.refusal(url + "&target_session_attrs=read-write")
            #expect(refused.sqlState?.code == "25006" && refused.failure == .unusable)
        }

        @Test func `A time-out of the server: a reason to try again`() async throws {
            let connection = try await Server.connect(try Server.cluster.url() + "&options=-c%20statement_timeout%3D20")
            let error = try await connection.refusal([PostgresStatement("SELECT pg_sleep(20)")])
            #expect(error.sqlState?.code == "57014" && error.failure == .retry)
            try await connection.run("SELECT 1")
        }

        @Test func `The text of a server about a row: in no description`() async throws {
            let connection = try await Server.freshDatabase()
            let error = try await connection.refusal([
                PostgresStatement("SELECT $1::text::bigint", ["typed by somebody"])
            ])
            #expect(error.sqlState?.code == "22P02" && error.failure == .bug)
            #expect(error.description == "SELECT $1::text::bigint: a value is refused (SQLSTATE 22P02)")
            #expect(!String(reflecting: error).contains("somebody"))
        }

        /// An idle connection notices the stop without sending a request. On a busy one, the pending request fails with
        /// the server's reason for stopping.
        @Test func `A server that stops: reported to idle and busy connections`() async throws {
            let cluster = try Server.cluster
            let idleEnded = Promise<PostgresError>()
            let idle = try await Server.connect(cluster.tcpURL(), ended: idleEnded.fulfill)
            let busy = try await Server.connect(cluster.url())
            let asleep = busy.submit([PostgresStatement("SELECT pg_sleep(20)")], deadline: .seconds(20))
            try await sleepIsUnderWay()
            cluster.stop()
            let idleError = await idleEnded.value
            #expect(
                idleError.sqlState?.code == "57P01" && idleError.failure == .reconnect, "\(idleError.debugDescription)")
            #expect(idle.end == idleError)
            guard case .failure(let error) = await asleep.value else {
                throw ChildProcess.Failure(description: "slept")
            }
            #expect(error.sqlState?.code == "57P01" && error.failure == .reconnect, "\(error.debugDescription)")
            #expect(error.outcome == .outcomeUnknown)
            let refused = try await Server.refusal(cluster.tcpURL())
            #expect(refused.failure == .reconnect && refused.sqlState == nil)
            try cluster.start()
            try await Server.connect(cluster.tcpURL()).run("SELECT 1")
        }

        @Test func `A killed server: leaves the outcome unknown`() async throws {
            let cluster = try Server.cluster
            let connection = try await Server.connect(cluster.tcpURL())
            let asleep = connection.submit([PostgresStatement("SELECT pg_sleep(20)")], deadline: .seconds(20))
            try await sleepIsUnderWay()
            cluster.kill()
            guard case .failure(let error) = await asleep.value else {
                throw ChildProcess.Failure(description: "slept")
            }
            #expect(error.failure == .reconnect && error.outcome == .outcomeUnknown)
            try cluster.start()
            try await Server.connect(cluster.tcpURL()).run("SELECT 1")
        }
    }
}
