/// The texts that people enter for a token or a database URL, right and wrong.
///
/// `{M}` is a marked secret, `{W}` a password that is an ordinary word, `{H}` host and port of a server that listens,
/// `{P}` the port alone.
enum SecretShapes {
    /// Accepted by libpq, and by Rivet.
    static let goodURLs = [
        "postgresql://me:{M}@{H}/rivet?sslmode=disable", "postgres://me:{M}@{H}/rivet?sslmode=disable",
        "postgresql://me:{M}%40%2F%3F%23%3A%25%26%3D%20@{H}/rivet?sslmode=disable",
        "postgresql://me:%22a%20{M}%27@{H}/rivet?sslmode=disable", "postgresql://me:a%0A{M}@{H}/rivet?sslmode=disable",
        "postgresql://me:a#{M}:b&c=d?e@{H}/rivet?sslmode=disable", "postgresql://me:{W}@{H}/rivet?sslmode=disable",
        "postgresql://me:{M}@{H}/rivet?sslmode=disable&pgbouncer=true&connection_limit=1&schema={M}",
        "postgresql://me@{H}/rivet?sslmode=disable&password={M}", "postgresql://me:{M}@{H}/?sslmode=disable",
        "postgresql://me:{M}@{H}/rivet?sslmode=prefer&connect_timeout=2&sslpassword={M}",
        "host=127.0.0.1 port={P} dbname=rivet user=me password={M} sslmode=disable",
        "host=127.0.0.1 port={P} dbname=rivet user=me sslmode=disable password='a {M} \\' \\\\ b=c'",
        "host=127.0.0.1 port={P} dbname=rivet user=me sslmode=disable password={M}=",
        "user=me password={W} host=127.0.0.1 port={P} dbname=rivet sslmode=disable supa=x",
    ]

    static let badURLs = [
        "postgresql://me:{M}@x@{H}/rivet", "postgresql://me:x@{M}@{H}/rivet", "postgresql://me:{M}/x@{H}/rivet",
        "postgresql://me:12/{M}@{H}/rivet", "postgresql://me:12?{M}=1@{H}@x/rivet", "postgresql://me:12#/{M}@{H}/rivet",
        "postgresql://me:{M}%zz@{H}/rivet", "postgresql://me:{M}%@{H}/rivet", "postgresql://me:100%{M}@{H}/rivet",
        "postgresql://me:{M} x@{H}/rivet", "postgresql://me:x {M}@{H}/rivet", "postgresql://me:{M}\t@{H}/rivet",
        "postgresql://me:{M}@{H}/rivet {M}", "postgresql://me:{M}@{H}/rivet#{M}", "postgresql://me:{M}@{H}/rivet&x={M}",
        "postgresql://me:{M}@{H}/rivet%00{M}", "postgresql://me:{M}@{H}/rivet%0D%0ATELEGRAM_BOT_TOKEN=1:{M}",
        "postgresql://me:{M}@{H}/rivetTELEGRAM_BOT_TOKEN=1:{M}", "postgresql://me:{M}@{H}/rivet?sslmode={M}",
        "postgresql://me:{M}@{H}/rivet?sslmode=no-verify", "postgresql://me:{M}@{H}/rivet?{M}",
        "postgresql://me:{M}@{H}/rivet?channel_binding={M}&gssencmode=x", "postgresql://me:{M}@{H}/rivet?ssl={M}",
        "postgresql://me:{M}@{H}/rivet?connect_timeout={M}", "postgresql://me:{M}@{H}/rivet?hostaddr={M}",
        "postgresql://me:{M}@{H}/rivet?target_session_attrs={M}", "postgresql://me:{M}@{H}/rivet?no_option={M}",
        "postgresql://me:{M}@{H}/rivet?sslmode=disable&password=x&{M}=y", "postgresql://me:{M}@{H}/rivet?a=b={M}",
        "postgresql://me:{M}@{H}/rivet?sslrootcert=system&sslmode=require", "postgresql://me:{M}@[{H}/rivet",
        "postgresql://me:{M}@127.0.0.1:{M}/rivet", "postgresql://me:{M}@127.0.0.1:99999/rivet", "postgresql://me:{M}",
        "postgresql://me:{M}@a,b/rivet?port=1,2,3", "postgresql://me:12/{M}", "postgresql://me:12?{M}=x",
        "postgresql+asyncpg://me:{M}@{H}/rivet", "postgres+psycopg2://me:{M}@{H}/rivet",
        "jdbc:postgresql://{H}/rivet?user=me&password={M}", "mysql://me:{M}@{H}/rivet", "https://me:{M}@{H}/rivet",
        "psql 'postgresql://me:{M}@{H}/rivet'", "PGPASSWORD={M} psql -h 127.0.0.1 -p {P}",
        "\"postgresql://me:{M}@{H}/x\"",
        "'postgresql://me:{M}@{H}/rivet'", "\u{201C}postgresql://me:{M}@{H}/rivet\u{201D}",
        "DATABASE_URL=postgresql://me:{M}@{H}/rivet", "export DATABASE_URL='postgresql://me:{M}@{H}/rivet'",
        "postgresql://me:[YOUR-PASSWORD]{M}@{H}/rivet", "{M}", "{M}==", "{M}=x host=127.0.0.1", "me:{M}@{H}/rivet",
        "host=127.0.0.1 port={P} password=x {M}", "host=127.0.0.1 port={P} password=x {M}=y",
        "host=127.0.0.1 password='{M}",
        "host=127.0.0.1 port={P} dbname=rivetpassword={M}", "host=127.0.0.1 port={P} sslmode={M} password={M}",
        "host=127.0.0.1 port={P} dbname='postgresql://me:{M}@{H}/rivet'", "postgresql://postgresql://me:{M}@{H}/rivet",
        "7000000001:{M}", "TELEGRAM_BOT_TOKEN=7000000001:{M}",
    ]

    static let goodTokens = ["7000000001:{M}", "7000000001:AA{M}-_0", "12:{M}"]

    static let badTokens = [
        "{M}", "bot7000000001:{M}", "7000000001 :{M}", "7000000001:{M} x", "7000000001:x {M}", "7000000001:{M}\t{M}",
        "7000000001:{M}@rivet_bot", "<7000000001:{M}>", "7000000001:{M}/../x", "7000000001:{M}%41", "7000000001:",
        "\u{2018}7000000001:{M}\u{2019}", "TELEGRAM_BOT_TOKEN=7000000001:{M}", "7000000001:{M}:{M}", ":{M}",
        "https://api.telegram.org/bot7000000001:{M}/getMe", "7000000001:é{M}", "postgresql://me:{M}@{H}/rivet",
    ]

    /// Variables for other values, into which a secret gets by a slip of the line.
    static let wrongVariables = [
        "RIVET_LOG_LEVEL", "TELEGRAM_API_URL", "RIVET_ALLOWED_USERS", "RIVET_CONVERSATION_TTL", "RIVET_SWEEP_INTERVAL",
        "RIVET_MEMORY_LIMIT", "RIVET_DURABILITY", "RIVET_REMOTE_DEADLINE", "RIVET_TIER_HEARTBEAT", "RIVET_SEND_LIMITS",
        "RIVET_HOST_NUMBER",
        "RIVET_NEON_URL", "NEON_DATABASE_URI",
    ]
}
