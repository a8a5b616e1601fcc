package import Contracts

/// Incidents of the store, kept until an operator acknowledges them.
extension StoreCore {
    /// Reads the incidents again if there may be new ones.
    package func readIncidents() {
        guard let table, isDiskUp, incidents == nil || table.hasIncidentNews else { return }
        do { incidents = try table.incidents() } catch { failed(error) }
    }

    /// - Returns: the acknowledged incidents, once the acknowledgement is on the disk.
    package func acknowledge() -> Result<[StoreIncident], RPCError> {
        guard let table, isDiskUp else { return .failure(Self.cannotAcknowledge) }
        do throws(SQLiteError) {
            let found = try table.incidents().unacknowledged
            try table.begin()
            try table.acknowledge(found, at: time.wall())
            try table.commit()
            incidents = try table.incidents()
            return .success(found)
        } catch {
            table.rollback()
            failed(error)
            return .failure(Self.cannotAcknowledge)
        }
    }

    private static var cannotAcknowledge: RPCError {
        RPCError(.unavailable, "the local database is away; nothing was acknowledged, try again when it is back")
    }
}
