import TelegramBotAPI

/// The waits between the tries of a call, while a peer is unavailable.
struct Retry {
    private var backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))

    mutating func wait() async {
        var generator = SystemRandomNumberGenerator()
        try? await Task.sleep(for: backoff.failed(using: &generator))
    }
}
