import CLibpq
import TestSupport
import Testing

@testable import Persistence

/// Which texts are accepted as database URLs, and the errors for all others.
@Suite struct DatabaseURLTests {
    private func error(_ url: String) throws -> DatabaseURLError {
        try #require(throws: DatabaseURLError.self, "\(url)") { try PostgresTarget(url: url) }
    }

    /// Each has `s3crt` in place of a secret.
    @Test(
        arguments: [
            ("", .scheme), ("s3crt", .scheme), ("123456:s3crt", .scheme), ("mysql://me:s3crt@db/rivet", .scheme),
            ("PostgreSQL://me:s3crt@db/rivet", .scheme), ("https://me:s3crt@db/rivet", .scheme),
            ("postgresql://me:s3crt@db/rivet\npostgresql://me:s3crt@db/rivet", .lineEnd),
            ("postgresql://me:s3crt@db/rivet\r\nTELEGRAM_BOT_TOKEN=1:s3crt", .lineEnd),
            ("host=db password=s3crt\u{2028}host=db", .lineEnd), ("host=db\tpassword=s3crt", .controlCharacter),
            ("postgresql://me:s3crt@db/ri\u{7F}vet", .controlCharacter),
            ("postgresql://me:s3crt@db/ri%0Avet", .controlCharacter),
            ("postgresql://me:s3crt@db/ri%00vet", .controlCharacter),
            ("postgresql://me%0As3crt:x@db/rivet", .controlCharacter),
            ("postgresql://me:s3crt@db/rivet postgresql://me:s3crt@db/rivet", .blank),
            ("postgresql://me:s3crt x@db/rivet", .blank), ("postgresql://me:s3crt@db/rivet\u{A0}x", .blank),
            (#""postgresql://me:s3crt@db/rivet""#, .quotes), ("'postgresql://me:s3crt@db/rivet'", .quotes),
            ("“postgresql://me:s3crt@db/rivet”", .quotes), ("psql 'postgresql://me:s3crt@db/rivet'", .commandLine),
            ("PGPASSWORD=s3crt psql -h db", .commandLine), ("DATABASE_URL=postgresql://me:s3crt@db/rivet", .assignment),
            (#"NEON_DATABASE_URL="postgresql://me:s3crt@db/rivet""#, .assignment),
            ("export X=postgres://me:s3crt@db/rivet", .assignment), ("postgresql+asyncpg://me:s3crt@db/rivet", .driver),
            ("postgres+psycopg2://me:s3crt@db/rivet", .driver), ("jdbc:postgresql://db/rivet?password=s3crt", .jdbc),
            ("postgresql://postgres:[YOUR-PASSWORD]@db/postgres", .placeholder),
            ("postgresql://me:s3crt%zz@db/rivet", .percent), ("postgresql://me:s3crt%@db/rivet", .percent),
            ("postgresql://me:s3crt%E9@db/rivet", .percent), ("postgresql://me:100%s3crt@db/rivet", .percent),
            ("postgresql://me:s3cr@t@db/rivet", .credentials), ("postgresql://me:s3cr/t@db/rivet", .credentials),
            ("postgresql://me:12/s3crt@db/rivet", .credentials),
            ("postgresql://me:12/s3crt?x=y@db/rivet", .credentials),
            ("postgresql://me:12#s3crt/x@db/rivet", .credentials),
            ("postgresql://postgresql://me:s3crt@db/rivet", .credentials),
            ("postgresql://me:s3crt@db/rivet?application_name=a@b", .credentials),
            ("postgresql://me:12", .user), ("postgresql://me:12/s3crt", .user), ("postgresql://me:s3crt", .user),
            ("postgresql://me:s3crt@[db/rivet", .host), ("postgresql://me:s3crt@d\"b/rivet", .host),
            ("postgresql://me:s3crt@db:s3crt/rivet", .port), ("postgresql://me:s3crt@db:0/rivet", .port),
            ("postgresql://me:s3crt@db:65536/rivet", .port),
            ("postgresql://me:s3crt@a,b,c:1,2/rivet?port=1,2", .hostCount),
            ("postgresql://me:s3crt@a,b/rivet?hostaddr=10.0.0.1", .hostCount),
            ("postgresql://me:s3crt@db/rivet&sslmode=require", .database),
            ("postgresql://me:s3crt@db/rivet:x", .database),
            ("postgresql://me:s3crt@db/rivet\"", .database), ("host=db dbname=rivetpassword=s3crt", .database),
            ("host=db dbname='postgresql://me:s3crt@db/x'", .database),
            ("postgresql://me:s3crt@db/rivet%3Dx", .database),
            ("postgresql://me:s3crt@db/rivet?sslmode", .syntax), ("postgresql://me:s3crt@db/rivet?a=b=c", .syntax),
            ("host=db password='s3crt", .syntax), ("host=db password=my s3crt", .syntax),
            ("host=db =s3crt", .syntax), ("postgresql://me:s3crt@db/rivet?sslmode=no-verify", .optionValue),
            ("postgresql://me:s3crt@db/rivet?sslmode=", .optionValue),
            ("postgresql://me:s3crt@db/rivet?channel_binding=yes", .optionValue),
            ("postgresql://me:s3crt@db/rivet?target_session_attrs=master", .optionValue),
            ("postgresql://me:s3crt@db/rivet?gssencmode=s3crt", .optionValue),
            ("postgresql://me:s3crt@db/rivet?sslcompression=s3crt", .optionValue),
            ("postgresql://me:s3crt@db/rivet?sslsni=on", .optionValue),
            ("postgresql://me:s3crt@db/rivet?connect_timeout=5s", .optionValue),
            ("postgresql://me:s3crt@db/rivet?keepalives_idle=99999999999", .optionValue),
            ("postgresql://me:s3crt@db/rivet?ssl_min_protocol_version=SSLv3", .optionValue),
            ("postgresql://me:s3crt@db/rivet?hostaddr=s3crt", .optionValue),
            ("postgresql://me:s3crt@db/rivet?ssl=require", .otherClientsOption),
            ("postgresql://me:s3crt@db/rivet?sslaccept=strict", .otherClientsOption),
            ("postgresql://me@db/rivet?pasword=s3crt", .unknownOption),
        ] as [(String, DatabaseURLError.Code)])
    func `A URL with a mistake: refused with the cause, and nothing of it is shown`(
        _ url: String, _ code: DatabaseURLError.Code
    ) throws {
        let error = try error(url)
        #expect(error.code == code, "\(error)")
        var dumped = ""
        dump(error, to: &dumped)
        for text in ["\(error)", String(reflecting: error), dumped] { #expect(!text.contains("s3cr"), "\(text)") }
    }

    @Test func `An option that libpq does not know: named, unless it may be a part of a password`() throws {
        let named = try error("postgresql://me:s3crt@db/rivet?sslmode=require&foo_bar=s3crt")
        #expect(named.option == "foo_bar" && named.description.contains("foo_bar"))
        #expect(try error("host=db foo=1 password=x").option == "foo")
        for url in [
            "postgresql://me:12?s3crt=1", "postgresql://db/rivet?password=a&s3crt=b", "host=db password=my s3crt=x",
            "postgresql://me@db/rivet?s3crt%20x=1", "s3crt==", "s3crt=x host=db", "postgresql://me@db/rivet?=s3crt",
        ] {
            let error = try error(url)
            #expect(
                error.code == .unknownOption && error.option == nil && !error.description.contains("s3cr"), "\(error)")
        }
    }

    @Test func `An option of another client: ignored, with a warning that names it`() throws {
        let url = "postgresql://me:s3crt@db/rivet?"
        let names = [
            "pgbouncer", "schema", "connection_limit", "pool_timeout", "supa", "uselibpqcompat", "currentSchema",
        ]
        for name in names {
            let target = try PostgresTarget(url: url + "\(name)=s3crt&sslmode=require")
            #expect(target.ignoredOptions == [name])
            #expect(target.warnings.count == 1 && target.warnings[0].contains("the option \(name) "))
            #expect(!target.warnings[0].contains("s3cr"))
            #expect(target.warnings[0].contains("options=-csearch_path") == name.lowercased().contains("schema"))
            #expect(target == (try PostgresTarget(url: url + "sslmode=require&\(name)=other")))
        }
        let all = try PostgresTarget(url: url + names.map { "\($0)=1" }.joined(separator: "&"))
        #expect(all.ignoredOptions == names)
        #expect(try PostgresTarget(url: "host=db pgbouncer=true dbname=rivet").ignoredOptions == ["pgbouncer"])
    }

    @Test
    func `sslrootcert=system: refused by libpq 15 with the file to write, and with verify-full only by later ones`()
        throws
    {
        let url = "postgresql://me:s3crt@db/rivet?sslrootcert=system&sslmode="
        if DatabaseOptions.majorVersion < 16 {
            for mode in ["require", "verify-full"] {
                let error = try error(url + mode)
                #expect(error.code == .systemRoots)
                #expect(error.description.contains("sslrootcert=/etc/ssl/certs/ca-certificates.crt"))
            }
        } else {
            #expect(try error(url + "require").code == .systemRoots)
            #expect(throws: Never.self) { try PostgresTarget(url: url + "verify-full") }
        }
    }

    @Test(arguments: [
        "postgresql://me:a%20b%40%2F%3F%23%3A%25c@db/rivet", "postgres://me:p@db", "postgresql://me:a#b:c?d=e@db/rivet",
        "postgresql:///rivet?host=/run/postgresql&user=me", "postgresql://%2Frun%2Fpostgresql/rivet",
        "postgresql://me:p@[::1]:5433/rivet", "postgresql://me:p@a:1,b,[fe80::1%25eth0]:3/rivet",
        "postgresql://me:p@db/rivet?sslmode=require&channel_binding=require", "postgresql://db/rivet?ssl=true",
        "postgresql://me.project:p@pooler.example.com:6543/postgres", "postgresql://me:p@db/rivet?",
        "postgresql://me:p@db/rivet?sslmode=require&", "postgresql://:p@db/rivet", "postgresql://,/rivet",
        "postgresql://db:5432/rivet?user=me", "postgresql://me:é%C3%A9@db/rivet", "postgresql://me:p%0Aq@db/rivet",
        "postgresql://me:p@db/rivet?options=-csearch_path%3Dx%20-c%20geqo%3Doff&connect_timeout=5&sslsni=0",
        "host=db dbname=rivet user=me password=p", "host = 'db'  dbname='ri vet' password='it\\'s \\\\ p'",
        "host=db password=a=b\\ c", "host=a,b port=1,2 dbname=rivet", "dbname=postgres", "host=db password=",
        "password=\"x",
    ])
    func `A URL that libpq accepts: accepted, and read as libpq reads it`(_ url: String) throws {
        let values = try ConnectionString(url).values
        let options = try #require(PQconninfoParse(url, nil))
        defer { PQconninfoFree(options) }
        var theirs: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val, value.pointee != 0 {
                theirs[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        #expect(values == theirs)
        #expect(throws: Never.self) { try PostgresTarget(url: url) }
    }

    /// If libpq accepts a text, this reader reads the same or refuses it for its own reason.
    @Test func `Pieces of URLs in any order: never read otherwise than by libpq`() {
        var random = SeededGenerator("Pieces of URLs in any order")
        let pieces = [
            "postgresql://", "postgres://", "me", ":", "p", "@", "db", ",", "[", "::1", "]", "/", "rivet", "?", "&",
            "=",
            "sslmode", "require", "ssl=true", "%40", "%", "%2", "#", " ", "'", "\\", "host", "port", "5432", "password",
            "schema", "user", "é", "connect_timeout",
        ]
        var taken = 0
        for _ in 0..<20_000 {
            let start =
                ["postgresql://", "postgresql://me:p@db/rivet?", "host=", ""].randomElement(using: &random) ?? ""
            let url =
                start
                + (0..<Int.random(in: 1...8, using: &random)).map { _ in
                    pieces.randomElement(using: &random) ?? ""
                }.joined()
            guard let string = try? ConnectionString(url), string.ignored.isEmpty else { continue }
            taken += 1
            #expect(PQconninfoParse(url, nil).map { PQconninfoFree($0) } != nil, "\(url)")
        }
        #expect(taken > 500)
    }
}
