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

    public init(fileID: String, mimeType: String? = nil) {
        self.fileID = fileID
        self.mimeType = mimeType
    }

    private enum CodingKeys: String, CodingKey {
        case fileID = "file_id"
        case mimeType = "mime_type"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        fileID = try values.decode(String.self, forKey: .fileID)
        mimeType = values.lenient(String.self, .mimeType)
    }
}
