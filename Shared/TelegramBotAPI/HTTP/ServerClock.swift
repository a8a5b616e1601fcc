import CCurl
private import Threads

/// Reads an HTTP server's time from the `Date` header of its responses.
public enum ServerClock {
    /// The server's time. Requests headers only, and blocks a separate thread.
    ///
    /// - Returns: seconds since 1970; nil when no response comes in time or it has no date.
    public static func secondsSince1970(url: String, timeout: Duration) async -> Int64? {
        await withCheckedContinuation { continuation in
            do throws(ThreadError) {
                try NamedThread.start("clock") { continuation.resume(returning: ask(url, timeout)) }
            } catch { continuation.resume(returning: nil) }
        }
    }

    private static func ask(_ url: String, _ timeout: Duration) -> Int64? {
        guard curl_global_init(rivet_curl_global_all) == CURLE_OK, let handle = curl_easy_init() else { return nil }
        defer { curl_easy_cleanup(handle) }
        rivet_curl_set_string(handle, CURLOPT_URL, url)
        rivet_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        rivet_curl_set_string(handle, CURLOPT_USERAGENT, "rivet")
        rivet_curl_set_long(handle, CURLOPT_NOBODY, 1)
        rivet_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        rivet_curl_set_long(handle, CURLOPT_TIMEOUT_MS, max(1, timeout.wholeMilliseconds))
        guard curl_easy_perform(handle) == CURLE_OK else { return nil }
        let date = rivet_curl_date(handle)
        return date >= 0 ? Int64(date) : nil
    }
}
