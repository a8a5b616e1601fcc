import Contracts
import Dispatch
import Glibc
import Synchronization
import Threads

/// Looks up the addresses of a target's hosts. `getaddrinfo` blocks and cannot be cancelled. So each look-up has its
/// own thread, which is abandoned at the deadline.
enum HostLookup {
    /// The most look-up threads at a time. An abandoned one ends when the resolver gives up.
    static let threadsMax = 8

    private static let threads = Mutex(0)

    /// The addresses of each host; an empty text for a Unix socket. Blocks until `deadline` at most.
    ///
    /// - Returns: nil when libpq needs no addresses: there are no hosts, or the URL has the addresses.
    /// - Throws: when no host has an address. Trying again may help.
    static func addresses(
        of target: PostgresTarget, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> [[String]]? {
        guard !target.hasAddresses, target.hosts.contains(where: { !$0.isUnixSocket }) else { return nil }
        let searches = target.hosts.map { host in
            host.isUnixSocket
                ? Search(known: [""]) : isNumeric(host.name) ? Search(known: [host.name]) : search(host.name)
        }
        let found = searches.map { $0.addresses(until: deadline) }
        guard found.contains(where: { !$0.isEmpty }) else {
            throw .connection("look up \(target)", NetworkAccess.isAllowed ? .hostUnknown : .networkNotAllowed)
        }
        return found
    }

    /// Whether `name` is an address and needs no look-up.
    static func isNumeric(_ name: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1
    }

    private static func search(_ name: String) -> Search {
        let isAllowed = threads.withLock { threads in
            guard threads < threadsMax else { return false }
            threads += 1
            return true
        }
        guard isAllowed else { return Search(known: []) }
        let search = Search()
        do throws(ThreadError) {
            try NamedThread.start("dns") {
                search.found(resolve(name))
                threads.withLock { $0 -= 1 }
            }
        } catch {
            threads.withLock { $0 -= 1 }
            search.found([])
        }
        return search
    }

    private static func resolve(_ name: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var entry = list
        while let current = entry?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                current.ai_addr, current.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            {
                addresses.append(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            }
            entry = current.ai_next
        }
        return addresses
    }

    /// A look-up under way.
    private final class Search: Sendable {
        private let result: Mutex<[String]>
        private let done = DispatchSemaphore(value: 0)

        init() { result = Mutex([]) }

        init(known addresses: [String]) {
            result = Mutex(addresses)
            done.signal()
        }

        func found(_ addresses: [String]) {
            result.withLock { $0 = addresses }
            done.signal()
        }

        /// The addresses; empty if the deadline has passed.
        func addresses(until deadline: ContinuousClock.Instant) -> [String] {
            let remaining = max(.zero, deadline - .now)
            _ = done.wait(timeout: .now() + .milliseconds(Int(remaining.milliseconds)))
            return result.withLock { $0 }
        }
    }
}
