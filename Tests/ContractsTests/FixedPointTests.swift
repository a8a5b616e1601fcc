import Contracts
import Testing

@Suite struct FixedPointTests {
    @Test(
        arguments: [
            (0, 3, "0"), (50, 3, "0.05"), (2_500, 3, "2.5"), (1_000, 3, "1"), (-7, 3, "-0.007"),
            (123_456_789, 6, "123.456789"),
            (5, 0, "5"), (100, 0, "100"), (.max, 3, "9223372036854775.807"), (.min, 3, "-9223372036854775.808"),
        ] as [(Int64, Int, String)])
    func `A fixed-point number: exact, without needless zeros`(_ value: Int64, _ places: Int, _ text: String) {
        #expect(value.fixedPoint(places: places) == text)
    }
}
