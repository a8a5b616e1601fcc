/// Why a settings file cannot be used at all. The error contains no part of the file, which may hold a secret.
///
/// With `EnvironmentFile=` systemd refuses to start the unit. With `EnvironmentFile=-`, as in Rivet's units, systemd
/// ignores the whole file, and the service refuses it.
public enum EnvironmentFileError: Error, Equatable, CustomStringConvertible {
    /// Lines are numbered from 1. The number of an assignment is that of its first line.
    case nulByte(line: Int)
    case notUTF8(line: Int)
    case valueTooLong(line: Int)
    case tooLong

    public var description: String {
        switch self {
        case .nulByte(let line): "line \(line) has a NUL byte (is it UTF-16? save the file as UTF-8)"
        case .notUTF8(let line): "the assignment in line \(line) is not valid UTF-8 (save the file as UTF-8)"
        case .valueTooLong(let line):
            "the assignment in line \(line) has more than \(EnvironmentFile.assignmentBytesMax) bytes"
        case .tooLong: "it has more than \(EnvironmentFile.bytesMax) bytes"
        }
    }
}
