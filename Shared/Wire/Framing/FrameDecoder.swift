import NIOCore

/// Cuts a stream of bytes into frames. No I/O.
///
/// - A length is checked as soon as it is complete, before memory is taken for the body that it announces.
/// - Frames that arrive whole are slices of the bytes that arrived; only what is left of an unfinished frame is copied,
///   into memory of its own, so that a connection at rest does not hold on to a receive buffer.
struct FrameDecoder {
    private var buffer = ByteBuffer()
    /// Whether `buffer` is memory that a reader gave us, and which may be far larger than what is left in it.
    private var isBorrowed = false

    /// After `nextFrame()` returned nil: whether a frame is begun and not finished.
    var isInsideFrame: Bool { buffer.readableBytes > 0 }

    /// Bytes that are received and not yet part of a frame that was taken.
    var bufferedBytes: Int { buffer.readableBytes }

    mutating func bytesReceived(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
            isBorrowed = true
        } else {
            // Frames that were taken make room for those that come; at most as much is moved as was taken.
            if buffer.readerIndex > buffer.readableBytes { buffer.discardReadBytes() }
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next frame's body; nil when more bytes are needed for it.
    ///
    /// - Throws: At a length out of bounds, and again whenever it is asked after that.
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

    /// Forgets all bytes that were received.
    mutating func reset() {
        buffer = ByteBuffer()
        isBorrowed = false
    }

    private mutating func keepRest() {
        guard buffer.readableBytes > 0 else { return reset() }
        // Each byte is copied here at most once for a frame that ends before it and once for a borrowed buffer, so the
        // work stays linear however small the pieces are in which a frame arrives.
        guard isBorrowed || buffer.readerIndex > 0 else { return }
        buffer = ByteBuffer(bytes: buffer.readableBytesView)
        isBorrowed = false
    }
}
