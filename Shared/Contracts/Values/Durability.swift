/// When a write is acknowledged: once the local disk has it, or once the first healthy remote tier has it too.
public enum Durability: String, Sendable, CaseIterable { case remote, local }
