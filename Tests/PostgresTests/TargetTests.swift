import CLibpq
import TestSupport
import Testing

@testable import Persistence

@Suite struct TargetTests {
    @Test func `A target: shows hosts, ports and database, however it is printed`() throws {
        for url in [
            "postgresql://me:s3cr%3Ft@db.example.org:6432/rivet?sslmode=require",
            "host=db.example.org port=6432 dbname=rivet password='s3cr?t' user=me",
        ] {
            let target = try PostgresTarget(url: url)
            var dumped = ""
            dump(target, to: &dumped)
            for text in ["\(target)", String(reflecting: target), dumped, "\([target])"] {
                #expect(!text.contains("s3cr"), "\(text)")
            }
            #expect(target.description == "db.example.org:6432/rivet")
        }
    }

    @Test func `A database's name: shown only when it looks like one`() throws {
        #expect(try PostgresTarget(url: "postgresql://me@db/a%40b").description == "db/")
        #expect(try PostgresTarget(url: "host=db dbname='a b'").description == "db/")
        #expect(try PostgresTarget(url: "postgresql://me@db/a-b_c.9").description == "db/a-b_c.9")
    }

    /// The host, address and port that an attempt gives to libpq.
    private func values(_ parameters: [(String, String)]) -> [String?] {
        // If a keyword occurs twice, libpq uses the last.
        let values = Dictionary(parameters, uniquingKeysWith: { $1 })
        return [values["host"], values["hostaddr"], values["port"]]
    }

    @Test func `Each address: a separate attempt`() throws {
        let target = try PostgresTarget(url: "postgresql://me@a:1,b,c:3/rivet")
        #expect(target.hosts.map(\.name) == ["a", "b", "c"])
        let attempts = target.attempts(addresses: [["::1", "10.0.0.1"], [""], []])
        #expect(attempts.map(values) == [["a", "::1", "1"], ["a", "10.0.0.1", "1"], ["b", nil, "5432"]])
        #expect(target.attempts(addresses: nil).map(values) == [["a,b,c", nil, "1,,3"]])
        let together = try PostgresTarget(url: "postgresql://me@a:1,b/rivet?target_session_attrs=prefer-standby")
        let all = together.attempts(addresses: [["::1", "10.0.0.1"], [""]])
        #expect(all.map(values) == [["a,a,b", "::1,10.0.0.1,", "1,1,5432"]])
    }

    @Test func `The options of a URL: after the defaults and before the required values`() throws {
        let target = try PostgresTarget(url: "postgresql://db/rivet?application_name=mine&client_encoding=LATIN1")
        let parameters = target.attempts(addresses: nil)[0]
        #expect(parameters.filter { $0.0 == "application_name" }.map(\.1) == ["rivet", "mine"])
        #expect(parameters.filter { $0.0 == "client_encoding" }.map(\.1) == ["LATIN1", "UTF8"])
        for name in ["keepalives_idle", "tcp_user_timeout"] { #expect(parameters.contains { $0.0 == name }) }
    }

    @Test func `Unix sockets and addresses: not looked up`() throws {
        let soon = ContinuousClock.now + .seconds(5)
        func addresses(_ url: String) throws -> [[String]]? {
            try HostLookup.addresses(of: try PostgresTarget(url: url), until: soon)
        }
        #expect(try addresses("postgresql:///rivet?host=/run/pg") == nil)
        #expect(try addresses("postgresql://db/rivet?hostaddr=10.0.0.1") == nil)
        #expect(try addresses("postgresql://127.0.0.1,[::1]/rivet") == [["127.0.0.1"], ["::1"]])
        #expect(try addresses("postgresql:///rivet?host=/run/pg,127.0.0.1") == [[""], ["127.0.0.1"]])
        #expect(try #require(try addresses("postgresql://localhost/rivet"))[0].contains("127.0.0.1"))
    }
}
