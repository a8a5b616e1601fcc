import Glibc

/// The certificates of the authorities that TLS connections are checked against.
enum CertificateAuthorities {
    /// Where Debian's package ca-certificates has them, and where its libcurl looks for them.
    static let path = "/etc/ssl/certs/ca-certificates.crt"

    static var areMissing: Bool { access(path, R_OK) != 0 }

    static let nextStep =
        "Install them: apt-get install ca-certificates; if they are installed, make the file: update-ca-certificates"
}
