/// When a write is acknowledged: once local disk holds it, or also the first healthy remote tier.
public enum Durability: String, Sendable, CaseIterable { case remote, local }
