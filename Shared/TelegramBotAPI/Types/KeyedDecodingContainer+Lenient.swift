extension KeyedDecodingContainer {
    /// The member if it is there and well formed. What Telegram adds or changes must not stop an update that can be read without it.
    func lenient<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        (try? decodeIfPresent(type, forKey: key)) ?? nil
    }

    /// Whether the member is there and not null, whatever it holds.
    func has(_ key: Key) -> Bool {
        contains(key) && !((try? decodeNil(forKey: key)) ?? false)
    }
}
