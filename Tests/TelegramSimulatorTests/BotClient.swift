import Contracts
import Foundation
import FoundationNetworking

@testable import TelegramSimulator

/// A bot that calls the simulator over real HTTP.
struct BotClient: Sendable {
    let baseURL: String
    let token: String
    private let session: URLSession

    init(_ simulator: TelegramSimulator, token: String? = nil) async {
        baseURL = await simulator.baseURL
        self.token = token ?? simulator.token
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 20
        session = URLSession(configuration: configuration)
    }

    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        var json: JSONValue? { try? JSONValue(parsing: body) }
        var result: JSONValue? { json?["result"] }
    }

    /// POST with JSON.
    @discardableResult
    func call(_ method: String, _ parameters: [String: JSONValue] = [:]) async throws -> Answer {
        try await post("/bot\(token)/\(method)", JSONValue.object(parameters).text, type: "application/json")
    }

    @discardableResult
    func control(_ verb: String, _ parameters: [String: JSONValue] = [:]) async throws -> Answer {
        try await post("/control/\(verb)", JSONValue.object(parameters).text, type: "application/json")
    }

    func post(_ path: String, _ body: String, type: String) async throws -> Answer {
        var request = try request(path)
        request.httpMethod = "POST"
        request.httpBody = Data(body.utf8)
        request.setValue(type, forHTTPHeaderField: "content-type")
        return try await send(request)
    }

    func get(_ path: String) async throws -> Answer { try await send(try request(path)) }

    private func request(_ path: String) throws -> URLRequest {
        guard let url = URL(string: baseURL + path) else { throw URLError(.badURL) }
        return URLRequest(url: url)
    }

    private func send(_ request: URLRequest) async throws -> Answer {
        let (data, response) = try await session.data(for: request)
        return Answer(status: (response as? HTTPURLResponse)?.statusCode ?? 0, body: Array(data))
    }
}
