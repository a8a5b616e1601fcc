import CCurl

/// One request in flight. Owns its easy handle and all memory that libcurl points to during the request.
///
/// Only the loop's thread uses it. It must be removed from the multi handle before it is deallocated.
final class CurlTransfer {
    let handle: UnsafeMutableRawPointer
    let continuation: CheckedContinuation<HTTPOutcome, Never>
    private let request: HTTPRequest
    private let responseBytesMax: Int
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var bodyBytesRead = 0
    private var response: [UInt8] = []
    private var isTooLarge = false
    private var refusedRepeat = false

    init?(_ submission: CurlSubmission, limits: CurlLimits, freshConnection: Bool) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        continuation = submission.continuation
        request = submission.request
        responseBytesMax = limits.responseBytesMax
        errorText = .allocate(capacity: Int(rivet_curl_error_bytes))
        errorText.initialize(repeating: 0, count: Int(rivet_curl_error_bytes))
        setOptions(limits, freshConnection: freshConnection)
        setCallbacks()
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    private func setOptions(_ limits: CurlLimits, freshConnection: Bool) {
        // If libcurl rejects the URL here, the transfer fails at once, as one without a URL.
        rivet_curl_set_string(handle, CURLOPT_URL, request.url)
        rivet_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        rivet_curl_set_string(handle, CURLOPT_USERAGENT, "rivet")
        for header in ["Content-Type: application/json", "Expect:"] { headers = curl_slist_append(headers, header) }
        rivet_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        rivet_curl_set_long(handle, CURLOPT_POST, 1)
        rivet_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
        rivet_curl_set_long(
            handle, CURLOPT_HTTP_VERSION, limits.prefersHTTP2 ? rivet_curl_http_2_over_tls : rivet_curl_http_1_1)
        rivet_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        rivet_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, limits.connectTimeout.wholeMilliseconds)
        rivet_curl_set_long(handle, CURLOPT_TIMEOUT_MS, max(1, request.timeout.wholeMilliseconds))
        rivet_curl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        rivet_curl_set_long(handle, CURLOPT_TCP_KEEPIDLE, limits.keepAliveAfter.wholeMilliseconds / 1_000)
        rivet_curl_set_long(handle, CURLOPT_TCP_KEEPINTVL, 10)
        rivet_curl_set_open_socket(handle, UInt32(limits.unacknowledgedMax.wholeMilliseconds))
        if freshConnection {
            rivet_curl_set_long(handle, CURLOPT_FRESH_CONNECT, 1)
            // Also close unused connections that are older than a second.
            rivet_curl_set_long(handle, CURLOPT_MAXLIFETIME_CONN, 1)
        }
    }

    private func setCallbacks() {
        rivet_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        let context = Unmanaged.passUnretained(self).toOpaque()
        rivet_curl_set_pointer(handle, CURLOPT_READDATA, context)
        rivet_curl_set_data_function(handle, CURLOPT_READFUNCTION) { buffer, size, count, context in
            guard let buffer, let context else { return rivet_curl_read_abort }
            return CurlTransfer.at(context).readBody(into: buffer, bytesMax: size * count)
        }
        rivet_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        rivet_curl_set_data_function(handle, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            guard let data, let context else { return 0 }
            return CurlTransfer.at(context).received(UnsafeRawBufferPointer(start: data, count: size * count))
        }
        rivet_curl_set_pointer(handle, CURLOPT_SEEKDATA, context)
        rivet_curl_set_seek_function(handle) { context, offset, _ in
            guard let context else { return CURL_SEEKFUNC_FAIL }
            return CurlTransfer.at(context).rewound(to: Int(offset))
        }
    }

    // SAFETY: libcurl calls back only inside curl_multi_perform and curl_multi_remove_handle, on the loop's thread,
    // while `CurlTransfers` keeps the object alive.
    private static func at(_ context: UnsafeMutableRawPointer) -> CurlTransfer {
        Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    private func readBody(into buffer: UnsafeMutablePointer<CChar>, bytesMax: Int) -> Int {
        let count = min(bytesMax, request.body.count - bodyBytesRead)
        request.body.withUnsafeBytes { body in
            UnsafeMutableRawBufferPointer(start: buffer, count: count)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: body[bodyBytesRead..<bodyBytesRead + count]))
        }
        bodyBytesRead += count
        return count
    }

    /// Appends a piece of the response; returns the bytes taken. If these are fewer than offered, libcurl ends the
    /// transfer.
    private func received(_ piece: UnsafeRawBufferPointer) -> Int {
        guard response.count + piece.count <= responseBytesMax else {
            isTooLarge = true
            return 0
        }
        response.append(contentsOf: piece)
        return piece.count
    }

    /// libcurl found that a reused connection was dead after it had written the body, and wants to repeat the request
    /// on a new one. The server may have acted on the first copy, so only a repeatable request is repeated.
    private func rewound(to offset: Int) -> Int32 {
        guard request.isRepeatable, offset >= 0, offset <= request.body.count else {
            refusedRepeat = true
            return CURL_SEEKFUNC_FAIL
        }
        bodyBytesRead = offset
        return CURL_SEEKFUNC_OK
    }

    // MARK: - Outcome

    func outcome(of result: CURLcode) -> HTTPOutcome {
        guard result != CURLE_OK else {
            var status = 0
            rivet_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
            return .response(status: status, body: response)
        }
        let detail = refusedRepeat ? "a reused connection broke" : detail(of: result)
        return failure(HTTPFailure(reason(of: result), detail: detail))
    }

    /// libcurl's name for the failure, and its cause if that is a known phrase.
    private func detail(of result: CURLcode) -> String {
        let name = String(cString: curl_easy_strerror(result))
        return ServerWords.cause(in: String(cString: errorText)).map { "\(name): \($0)" } ?? name
    }

    /// The outcome of a failed request, by whether any byte of it was written. The byte count covers all attempts of
    /// the request. So the outcome is unknown also if a dead connection took the request and the new one was then
    /// refused.
    func failure(_ failure: HTTPFailure) -> HTTPOutcome {
        var requestBytesWritten = 0
        rivet_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &requestBytesWritten)
        let nothingWritten = requestBytesWritten == 0 && bodyBytesRead == 0 && !refusedRepeat
        return nothingWritten ? .notSent(failure) : .outcomeUnknown(failure)
    }

    private func reason(of result: CURLcode) -> HTTPFailure.Reason {
        if isTooLarge { return .responseTooLarge }
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .cannotResolve
        case CURLE_COULDNT_CONNECT: return .cannotConnect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return .tlsFailed
        case CURLE_OPERATION_TIMEDOUT: return .timedOut
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND,
            CURLE_HTTP2, CURLE_HTTP2_STREAM:
            return .interrupted
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidURL
        default: return .other
        }
    }
}
