/// Something that a run measured.
enum Figure {
    case checked(_ name: String, measured: String, bound: String)
    /// What helps to read the others.
    case note(String)
}
