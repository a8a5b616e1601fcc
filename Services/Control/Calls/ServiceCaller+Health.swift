import Contracts

extension ServiceCaller {
    /// The health of each of `services`, which are all called at the same time.
    func health(of services: [RivetService], deadline: Duration) async -> [HealthListing.Entry] {
        let answers = await withTaskGroup(of: (RivetService, HealthListing.Answer).self) { group in
            for service in services {
                group.addTask { (service, await ask(service, deadline: deadline)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return services.compactMap { service in answers[service].map { (service, $0) } }
    }

    private func ask(_ service: RivetService, deadline: Duration) async -> HealthListing.Answer {
        do throws(CommandFailure) {
            return .success(try await call(service, ServiceHealth.self, NoParams(), deadline: deadline))
        } catch { return .failure(error) }
    }
}
