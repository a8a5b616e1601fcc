/// The files of this folder, compiled into every program that needs them.
///
/// Each comes in two dialects. The numbers 002 and 003 are the tables that earlier deployments already have; later
/// ones add to them. Every file can be run twice.
public struct Migration: Sendable {
    /// The tables that one service owns.
    public enum Store: String, Sendable, CaseIterable { case conversations, machines }

    public var version: Int64
    public var name: String
    public var store: Store
    /// For PostgreSQL 13 and later.
    public var postgreSQL: String
    /// For SQLite 3.35 and later.
    public var sqlite: String

    /// The migrations of `store`, in their order.
    public static func all(of store: Store) -> [Migration] { all.filter { $0.store == store } }

    /// In their order.
    public static let all = [
        Migration(
            2, "conversation_states", .conversations, PackageResources._02_conversation_states_sql,
            PackageResources._02_conversation_states_sqlite_sql),
        Migration(
            3, "user_machines", .machines, PackageResources._03_user_machines_sql,
            PackageResources._03_user_machines_sqlite_sql),
        Migration(
            4, "conversation_revisions", .conversations, PackageResources._04_conversation_revisions_sql,
            PackageResources._04_conversation_revisions_sqlite_sql),
        Migration(
            5, "machine_revisions", .machines, PackageResources._05_machine_revisions_sql,
            PackageResources._05_machine_revisions_sqlite_sql),
        Migration(
            6, "conversation_replication", .conversations, PackageResources._06_conversation_replication_sql,
            PackageResources._06_conversation_replication_sqlite_sql),
        Migration(
            7, "machine_replication", .machines, PackageResources._07_machine_replication_sql,
            PackageResources._07_machine_replication_sqlite_sql),
        Migration(
            8, "conversation_keys", .conversations, PackageResources._08_conversation_keys_sql,
            PackageResources._08_conversation_keys_sqlite_sql),
        Migration(
            9, "machine_keys", .machines, PackageResources._09_machine_keys_sql,
            PackageResources._09_machine_keys_sqlite_sql),
    ]

    private init(_ version: Int64, _ name: String, _ store: Store, _ postgreSQL: [UInt8], _ sqlite: [UInt8]) {
        self.version = version
        self.name = name
        self.store = store
        self.postgreSQL = String(decoding: postgreSQL, as: UTF8.self)
        self.sqlite = String(decoding: sqlite, as: UTF8.self)
    }
}
