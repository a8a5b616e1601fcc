/// A JSON number as PostgreSQL's `numeric` writes it out. PostgreSQL stores the numbers of its JSON as `numeric`.
///
/// A short number may become long: `1e131000` has 131,001 digits there, and so in each text that contains it.
struct DecimalNumber {
    /// The most digits before the decimal point that `numeric` allows.
    static let wholeDigitsMax = 131_072
    /// The most digits after the decimal point.
    static let fractionDigitsMax = 16_383

    /// An exponent of this size, positive or negative, is refused for any digits.
    private static let exponentEnd = Int(Int32.max / 2)

    /// The digits before the decimal point, at least one.
    let wholeDigits: Int
    let fractionDigits: Int

    /// Whether `numeric` accepts the number.
    var isStorable: Bool {
        isExponentTaken && wholeDigits <= Self.wholeDigitsMax && fractionDigits <= Self.fractionDigitsMax
    }

    private let isExponentTaken: Bool

    /// About how many characters the number has when it is written out.
    var length: Int { wholeDigits + fractionDigits + 2 }

    /// - Parameter spelling: the number's JSON text.
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
                    // Above all bounds the value need not be exact.
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
    /// Whether PostgreSQL accepts every number in this value.
    var hasStorableNumbers: Bool {
        switch self {
        case .null, .bool, .integer, .string: true
        case .decimal(let spelling): DecimalNumber(spelling).isStorable
        case .array(let elements): elements.allSatisfy(\.hasStorableNumbers)
        case .object(let members): members.values.allSatisfy(\.hasStorableNumbers)
        }
    }

    /// By how many characters this value grows when its numbers are written out.
    var hiddenLength: Int {
        switch self {
        case .null, .bool, .integer, .string: 0
        case .decimal(let spelling): max(0, DecimalNumber(spelling).length - spelling.utf8.count)
        case .array(let elements): elements.reduce(0) { $0 + $1.hiddenLength }
        case .object(let members): members.values.reduce(0) { $0 + $1.hiddenLength }
        }
    }
}
