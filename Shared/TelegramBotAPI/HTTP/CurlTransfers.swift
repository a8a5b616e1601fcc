import CCurl

/// The requests in flight in one multi handle. Only the loop's thread uses it.
struct CurlTransfers {
    private let multi: UnsafeMutableRawPointer
    private let limits: CurlLimits
    private var byID: [UInt64: CurlTransfer] = [:]
    private var idByHandle: [UnsafeMutableRawPointer: UInt64] = [:]
    /// A request timed out and no response has come since. The other reusable connections may be dead too (a NAT
    /// dropped them, the address changed), and each would cost its own time-out to find out. Over HTTP/2 libcurl would
    /// even keep the stuck connection. So new requests use new connections.
    private var suspectsConnections = false

    init(multi: UnsafeMutableRawPointer, limits: CurlLimits) {
        self.multi = multi
        self.limits = limits
    }

    /// Starts a request. Returns whether it is in flight; if not, its continuation was resumed.
    mutating func start(_ submission: CurlSubmission) -> Bool {
        guard let transfer = CurlTransfer(submission, limits: limits, freshConnection: suspectsConnections) else {
            submission.continuation.resume(returning: .notSent(HTTPFailure(.other, detail: "no libcurl handle")))
            return false
        }
        let code = curl_multi_add_handle(multi, transfer.handle)
        guard code == CURLM_OK else {
            submission.continuation.resume(
                returning: .notSent(HTTPFailure(.other, detail: String(cString: curl_multi_strerror(code)))))
            return false
        }
        byID[submission.id] = transfer
        idByHandle[transfer.handle] = submission.id
        return true
    }

    /// Advances all requests as far as possible without waiting. Returns how many ended.
    mutating func perform() -> Int {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        var ended = 0
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let result = message.pointee.data.result
            guard let id = idByHandle[handle], let transfer = take(id) else { continue }
            let outcome = transfer.outcome(of: result)
            noteHealth(outcome)
            transfer.continuation.resume(returning: outcome)
            ended += 1
        }
        return ended
    }

    /// Aborts one request. Returns whether it was in flight.
    mutating func end(_ id: UInt64, _ reason: HTTPFailure.Reason) -> Bool {
        guard let transfer = take(id) else { return false }
        transfer.continuation.resume(returning: transfer.failure(HTTPFailure(reason)))
        return true
    }

    mutating func endAll(_ reason: HTTPFailure.Reason) -> Int {
        var ended = 0
        for id in Array(byID.keys) where end(id, reason) { ended += 1 }
        return ended
    }

    private mutating func take(_ id: UInt64) -> CurlTransfer? {
        guard let transfer = byID.removeValue(forKey: id) else { return nil }
        idByHandle[transfer.handle] = nil
        curl_multi_remove_handle(multi, transfer.handle)
        return transfer
    }

    private mutating func noteHealth(_ outcome: HTTPOutcome) {
        switch outcome {
        case .response: suspectsConnections = false
        case .outcomeUnknown(let failure) where failure.reason == .timedOut: suspectsConnections = true
        case .outcomeUnknown, .notSent: break
        }
    }
}
