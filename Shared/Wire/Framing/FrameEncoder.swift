import Contracts
import NIOCore

/// Encodes frames, ready to be written.
enum FrameEncoder {
    /// The response to request `id`.
    ///
    /// A result that does not fit a frame becomes an internal error. If the id is so long that even the error does not
    /// fit, the id is null.
    static func response(to id: RequestID, _ outcome: Result<JSONValue, RPCError>) -> ByteBuffer {
        if let frame = frame({ writeResponse(to: id, outcome, into: &$0) }) { return frame }
        let tooLong = Result<JSONValue, RPCError>.failure(
            RPCError(.internalError, "the response is longer than \(WireLimits.frameBytesMax) bytes"))
        if let frame = frame({ writeResponse(to: id, tooLong, into: &$0) }) { return frame }
        return frame { writeResponse(to: .null, tooLong, into: &$0) } ?? ByteBuffer()
    }

    /// A request; nil when it does not fit a frame. Without an id it is a notification.
    static func request(id: RequestID?, method: String, params: [String: JSONValue]) -> ByteBuffer? {
        frame { output in
            output.append(contentsOf: #"{"jsonrpc":"2.0""#.utf8)
            if let id {
                output.append(contentsOf: #","id":"#.utf8)
                id.json.write(to: &output)
            }
            output.append(contentsOf: #","method":"#.utf8)
            JSONValue.string(method).write(to: &output)
            if !params.isEmpty {
                output.append(contentsOf: #","params":"#.utf8)
                JSONValue.object(params).write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func writeResponse(
        to id: RequestID, _ outcome: Result<JSONValue, RPCError>, into output: inout [UInt8]
    ) {
        output.append(contentsOf: #"{"jsonrpc":"2.0","id":"#.utf8)
        id.json.write(to: &output)
        switch outcome {
        case .success(let result):
            output.append(contentsOf: #","result":"#.utf8)
            result.write(to: &output)
        case .failure(let error):
            output.append(contentsOf: #","error":"#.utf8)
            error.json.write(to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func frame(_ writeBody: (inout [UInt8]) -> Void) -> ByteBuffer? {
        var output: [UInt8] = []
        output.reserveCapacity(512)
        output.append(contentsOf: [0, 0, 0, 0])
        writeBody(&output)
        let bodyBytes = output.count - WireLimits.frameHeaderBytes
        guard bodyBytes <= WireLimits.frameBytesMax else { return nil }
        for (index, shift) in [24, 16, 8, 0].enumerated() {
            output[index] = UInt8(truncatingIfNeeded: bodyBytes >> shift)
        }
        return ByteBuffer(bytes: output)
    }
}
