/// One size of a photo. This bot can send `fileID` again; it contains no token.
public struct PhotoSize: Sendable, Hashable, Decodable {
    public var fileID: String
    public var width: Int64
    public var height: Int64

    public init(fileID: String, width: Int64 = 0, height: Int64 = 0) {
        self.fileID = fileID
        self.width = width
        self.height = height
    }

    /// The number of pixels, for comparisons. It is clamped, since a Bot API server other than Telegram's may report
    /// sizes whose product exceeds `Int64`.
    public var pixelCount: Int64 {
        let (product, isTooLarge) = max(0, width).multipliedReportingOverflow(by: max(0, height))
        return isTooLarge ? .max : product
    }

    private enum CodingKeys: String, CodingKey {
        case fileID = "file_id"
        case width, height
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        fileID = try values.decode(String.self, forKey: .fileID)
        width = values.lenient(Int64.self, .width) ?? 0
        height = values.lenient(Int64.self, .height) ?? 0
    }
}

/// A file sent as a file.
public struct Document: Sendable, Hashable, Decodable {
    public var fileID: String
    public var mimeType: String?
    public var fileName: String?

    public init(fileID: String, mimeType: String? = nil, fileName: String? = nil) {
        self.fileID = fileID
        self.mimeType = mimeType
        self.fileName = fileName
    }

    /// Whether its type or its name says JPEG, PNG, WebP or HEIC. A drawing or an icon has a type `image/…`, too, and
    /// is no photo; phones send photos as files without a type.
    public var isPhoto: Bool {
        let types: Set = ["image/jpeg", "image/jpg", "image/png", "image/webp", "image/heic", "image/heif"]
        if let mimeType, types.contains(mimeType.lowercased()) { return true }
        guard let name = fileName?.lowercased() else { return false }
        return ["jpg", "jpeg", "png", "webp", "heic", "heif"].contains { name.hasSuffix("." + $0) }
    }

    private enum CodingKeys: String, CodingKey {
        case fileID = "file_id"
        case mimeType = "mime_type"
        case fileName = "file_name"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        fileID = try values.decode(String.self, forKey: .fileID)
        mimeType = values.lenient(String.self, .mimeType)
        fileName = values.lenient(String.self, .fileName)
    }
}
