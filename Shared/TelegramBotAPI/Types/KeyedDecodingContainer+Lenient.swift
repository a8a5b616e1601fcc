extension KeyedDecodingContainer {
    /// The member if it is present and well formed, else nil. A member that Telegram adds or changes must not make an
    /// update unreadable that can be read without it.
    func lenient<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        (try? decodeIfPresent(type, forKey: key)) ?? nil
    }

    /// Whether the member is present and not null.
    func has(_ key: Key) -> Bool {
        contains(key) && !((try? decodeNil(forKey: key)) ?? false)
    }
}
