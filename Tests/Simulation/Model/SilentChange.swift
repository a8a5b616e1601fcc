/// What another program made of a record, and left the revision that the record had.
struct SilentChange<Record: SimulatedRecord> {
    var record: Record
    /// Whether at some time every copy of that revision had this content. There was nothing to compare it with.
    var isAllThatIsLeft = false
}
