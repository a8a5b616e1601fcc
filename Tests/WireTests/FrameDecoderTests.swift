import NIOCore
import TestSupport
import Testing

@testable import Wire

@Suite struct FrameDecoderTests {
    private func frames(in decoder: inout FrameDecoder) throws -> [String] {
        var frames: [String] = []
        while let frame = try decoder.nextFrame() { frames.append(String(buffer: frame)) }
        return frames
    }

    @Test func `Frames split at any two points: decoded the same`() throws {
        let bytes = RawSocket.frame("{}") + RawSocket.frame("[1,2]") + RawSocket.frame("\"three\"")
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var decoder = FrameDecoder()
                var found: [String] = []
                for piece in [bytes[..<first], bytes[first..<second], bytes[second...]] {
                    decoder.bytesReceived(ByteBuffer(bytes: piece))
                    found += try frames(in: &decoder)
                }
                #expect(found == ["{}", "[1,2]", "\"three\""])
                #expect(!decoder.isInsideFrame)
            }
        }
    }

    @Test func `Frames in pieces of random sizes: decoded the same`() throws {
        var random = SeededGenerator("Frames in pieces of random sizes")
        for _ in 0..<200 {
            let bodies = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                String(repeating: "a", count: Int.random(in: 1...5000, using: &random))
            }
            let bytes = bodies.flatMap(RawSocket.frame)
            var decoder = FrameDecoder()
            var found: [String] = []
            var position = 0
            while position < bytes.count {
                let end = min(bytes.count, position + Int.random(in: 1...3000, using: &random))
                decoder.bytesReceived(ByteBuffer(bytes: bytes[position..<end]))
                if Bool.random(using: &random) || end == bytes.count { found += try frames(in: &decoder) }
                position = end
            }
            #expect(found == bodies)
        }
    }

    @Test(arguments: [0, 1_048_577, UInt32.max])
    func `A length out of bounds: a violation before the body arrives`(_ length: UInt32) throws {
        var decoder = FrameDecoder()
        decoder.bytesReceived(ByteBuffer(bytes: RawSocket.frame("{}") + RawSocket.header(length)))
        #expect(try decoder.nextFrame().map { String(buffer: $0) } == "{}")
        for _ in 0..<2 {
            #expect(throws: FrameViolation(announcedBytes: length)) { try decoder.nextFrame() }
        }
    }

    @Test func `The longest frame: accepted`() throws {
        var decoder = FrameDecoder()
        let body = String(repeating: "a", count: WireLimits.frameBytesMax)
        decoder.bytesReceived(ByteBuffer(bytes: RawSocket.frame(body)))
        #expect(try frames(in: &decoder) == [body])
    }

    @Test func `A frame cut short: not decoded`() throws {
        var decoder = FrameDecoder()
        let bytes = RawSocket.frame("{}")
        for byte in bytes.dropLast() {
            decoder.bytesReceived(ByteBuffer(bytes: [byte]))
            #expect(try decoder.nextFrame() == nil)
            #expect(decoder.isInsideFrame)
        }
    }

    @Test func `Random bytes: decoded as frames or refused as a violation`() throws {
        var random = SeededGenerator("Random bytes")
        for _ in 0..<2000 {
            var decoder = FrameDecoder()
            let count = Int.random(in: 0...64, using: &random)
            decoder.bytesReceived(ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...3, using: &random) }))
            var taken = 0
            do {
                while let frame = try decoder.nextFrame() { taken += 4 + frame.readableBytes }
            } catch {
                #expect(error.announcedBytes == 0 || error.announcedBytes > WireLimits.frameBytesMax)
            }
            #expect(taken <= count)
        }
    }
}
