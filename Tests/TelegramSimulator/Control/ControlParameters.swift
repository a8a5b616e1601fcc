import Contracts

/// Parameters of a `/control` request, with errors that name what is missing.
struct ControlParameters {
    let raw: CallParameters

    init(_ raw: CallParameters) { self.raw = raw }

    func optionalString(_ name: String) -> String? { raw.string(name) }

    func optionalInteger(_ name: String) -> Int64? { raw.integer(name) }

    func string(_ name: String) throws(SimulatorError) -> String {
        guard let value = raw.string(name) else { throw SimulatorError("\(name) is missing") }
        return value
    }

    func integer(_ name: String) throws(SimulatorError) -> Int64 {
        guard let value = raw.integer(name) else { throw SimulatorError("\(name) is missing or no integer") }
        return value
    }

    func seconds(_ name: String) throws(SimulatorError) -> Duration {
        guard let value = raw.string(name).flatMap({ Double($0) }), value >= 0, value < 1e9 else {
            throw SimulatorError("\(name) is missing or no number of seconds")
        }
        return .seconds(value)
    }

    /// `timeout_s`, ten seconds if left out.
    var timeout: Duration { (try? seconds("timeout_s")) ?? .seconds(10) }

    func fault() throws(SimulatorError) -> SimulatedFault {
        switch try string("fault") {
        case "status":
            let code = Int(try integer("code"))
            return .status(
                code, description: optionalString("description") ?? "Error \(code)",
                retryAfterSeconds: optionalInteger("retry_after").map { Int($0) })
        case "proxy_error": return .proxyError(Int(try integer("code")))
        case "close_before_reading": return .closeBeforeReading
        case "close_after_processing": return .closeAfterProcessing
        case "delay": return .delay(try seconds("seconds"))
        case "hang": return .hang
        case "garbage": return .garbage
        case "truncated": return .truncated
        case "bad_gateway_after_processing": return .badGatewayAfterProcessing
        case let other: throw SimulatorError("unknown fault \(other)")
        }
    }
}
