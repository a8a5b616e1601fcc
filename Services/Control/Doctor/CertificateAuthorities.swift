import Glibc

/// The root certificates that TLS connections are checked against.
enum CertificateAuthorities {
    /// Debian's package ca-certificates installs them here, and Debian's libcurl looks here.
    static let path = "/etc/ssl/certs/ca-certificates.crt"

    static var areMissing: Bool { access(path, R_OK) != 0 }

    static let nextStep =
        "Install them: apt-get install ca-certificates; if they are installed, create the file: update-ca-certificates"
}
