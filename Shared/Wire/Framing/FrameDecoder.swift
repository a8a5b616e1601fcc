import NIOCore

/// Cuts a stream of bytes into frames. No I/O.
///
/// - A length is checked as soon as it is complete, before memory is allocated for the body that it announces.
/// - A frame that arrives whole is a slice of the received bytes. Only the bytes of an unfinished frame are copied into
///   their own memory, so that an idle connection does not keep a receive buffer alive.
struct FrameDecoder {
    private var buffer = ByteBuffer()
    /// Whether `buffer` is the channel's receive buffer, which may be far larger than the bytes left in it.
    private var isBorrowed = false

    /// Whether a frame has begun and is not complete. Valid after `nextFrame()` returned nil.
    var isInsideFrame: Bool { buffer.readableBytes > 0 }

    /// Received bytes that `nextFrame()` has not returned yet.
    var bufferedBytes: Int { buffer.readableBytes }

    mutating func bytesReceived(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
            isBorrowed = true
        } else {
            // Reuse the room of frames already returned. This moves at most as many bytes as were returned.
            if buffer.readerIndex > buffer.readableBytes { buffer.discardReadBytes() }
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next frame's body; nil when it needs more bytes.
    ///
    /// - Throws: When a length is out of bounds, and at each call after that.
    mutating func nextFrame() throws(FrameViolation) -> ByteBuffer? {
        guard let announcedBytes = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else {
            keepRest()
            return nil
        }
        guard announcedBytes >= 1, announcedBytes <= WireLimits.frameBytesMax else {
            throw FrameViolation(announcedBytes: announcedBytes)
        }
        let bodyBytes = Int(announcedBytes)
        guard let body = buffer.getSlice(at: buffer.readerIndex + WireLimits.frameHeaderBytes, length: bodyBytes) else {
            keepRest()
            return nil
        }
        buffer.moveReaderIndex(forwardBy: WireLimits.frameHeaderBytes + bodyBytes)
        return body
    }

    /// Discards all received bytes.
    mutating func reset() {
        buffer = ByteBuffer()
        isBorrowed = false
    }

    private mutating func keepRest() {
        guard buffer.readableBytes > 0 else { return reset() }
        // A byte is copied here at most once after a frame that ends before it, and once out of a borrowed buffer. So
        // the work stays linear even if a frame arrives in very small pieces.
        guard isBorrowed || buffer.readerIndex > 0 else { return }
        buffer = ByteBuffer(bytes: buffer.readableBytesView)
        isBorrowed = false
    }
}
