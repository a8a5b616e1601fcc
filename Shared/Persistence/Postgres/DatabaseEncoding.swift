/// Checks the encoding of a database. Any other than UTF8 lacks letters that people write.
enum DatabaseEncoding {
    private static let question = PostgresStatement("SELECT current_setting('server_encoding')")

    /// - Throws: `.encoding` if it is another one: the database would keep refusing single rows.
    static func requireUTF8(_ connection: PostgresConnection, deadline: Duration) async throws(PostgresError) {
        let result = try await connection.submit([question], deadline: deadline).value.get()
        guard result.first?.rows.first?.text(0) == "UTF8" else {
            throw .connection("contact", .encoding, failure: .unusable)
        }
    }
}
