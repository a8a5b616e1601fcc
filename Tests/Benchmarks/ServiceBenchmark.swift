internal import Contracts
internal import Glibc
internal import TestSupport

/// What a service costs when nobody calls it, and how soon it is ready on an empty store.
struct ServiceBenchmark {
    var directory: String

    func run(_ report: inout Report) throws {
        for binary in [RivetBinary.state, .library] {
            var readyAfter: [Duration] = []
            for round in 0..<5 {
                let service = try StateServiceUnderTest(directory: "\(directory)/\(binary.rawValue)-\(round)", binary)
                readyAfter.append(service.readyAfter)
                service.stop()
            }
            report.check(
                "\(binary.rawValue) ready on an empty store (median of 5)",
                Samples(readyAfter).median.microseconds / 1_000, digits: 0, atMost: 150, " ms")
            let service = try StateServiceUnderTest(directory: "\(directory)/\(binary.rawValue)-0", binary)
            let before = service.process.processorTicks ?? 0
            sleep(5)
            let ticks = (service.process.processorTicks ?? 0) - before
            report.check("\(binary.rawValue) idle: processor ticks in 5 s", Double(ticks), digits: 0, atMost: 1)
            report.check(
                "\(binary.rawValue) idle: resident memory", Double(service.process.residentBytes ?? 0) / 1_048_576,
                digits: 1, atMost: 40, " MiB")
            service.stop()
        }
    }
}
