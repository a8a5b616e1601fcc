/// How PostgreSQL's `numeric`, of which its JSON is made, would write out a JSON number.
///
/// A few characters may stand for many: `1e131000` has 131,001 digits there, and so in every text that holds it.
struct DecimalNumber {
    /// Digits before the decimal point that `numeric` has at most.
    static let wholeDigitsMax = 131_072
    /// Digits behind it.
    static let fractionDigitsMax = 16_383

    /// An exponent that is as high, or as low, is refused whatever the digits are.
    private static let exponentEnd = Int(Int32.max / 2)

    /// Digits before the decimal point, at least one.
    let wholeDigits: Int
    let fractionDigits: Int

    /// Whether `numeric` takes it.
    var isStorable: Bool {
        isExponentTaken && wholeDigits <= Self.wholeDigitsMax && fractionDigits <= Self.fractionDigitsMax
    }

    private let isExponentTaken: Bool

    /// How many characters it has when it is written out, about.
    var length: Int { wholeDigits + fractionDigits + 2 }

    /// - Parameter spelling: of JSON.
    init(_ spelling: String) {
        let zero = UInt8(ascii: "0")
        var (leading, whole, fraction, exponent) = (0, 0, 0, 0)
        var (isBehindPoint, isExponent, isNegative, isZero) = (false, false, false, true)
        for byte in spelling.utf8 {
            switch byte {
            case UInt8(ascii: "."): isBehindPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"): isExponent = true
            case UInt8(ascii: "-"): isNegative = isExponent
            case UInt8(ascii: "+"): break
            default:
                let digit = Int(byte) - Int(zero)
                if isExponent {
                    // Beyond every bound it need not be exact.
                    exponent = min(exponent * 10 + digit, Self.exponentEnd)
                    continue
                }
                if digit == 0, isZero { leading += 1 }
                if digit != 0 { isZero = false }
                if isBehindPoint { fraction += 1 } else { whole += 1 }
            }
        }
        isExponentTaken = exponent < Self.exponentEnd
        if isNegative { exponent = -exponent }
        wholeDigits = isZero ? 1 : max(1, whole - leading + exponent)
        fractionDigits = max(0, fraction - exponent)
    }
}

extension JSONValue {
    /// Whether PostgreSQL takes every number in it.
    var hasStorableNumbers: Bool {
        switch self {
        case .null, .bool, .integer, .string: true
        case .decimal(let spelling): DecimalNumber(spelling).isStorable
        case .array(let elements): elements.allSatisfy(\.hasStorableNumbers)
        case .object(let members): members.values.allSatisfy(\.hasStorableNumbers)
        }
    }

    /// How many characters more it has when its numbers are written out.
    var hiddenLength: Int {
        switch self {
        case .null, .bool, .integer, .string: 0
        case .decimal(let spelling): max(0, DecimalNumber(spelling).length - spelling.utf8.count)
        case .array(let elements): elements.reduce(0) { $0 + $1.hiddenLength }
        case .object(let members): members.values.reduce(0) { $0 + $1.hiddenLength }
        }
    }
}
