import Glibc
import UnixSignals

/// The signals that matter to a terminal in editing mode.
struct ChatSignals: Sendable {
    private let signals: UnixSignalsSequence

    init() async {
        signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup, .sigwinch, .sigcont)
    }

    /// Tells `editor` when the terminal has changed. A signal that asks for the end restores the terminal and ends this
    /// process.
    func run(_ editor: LineEditor) async {
        for await signal in signals {
            if signal == .sigwinch || signal == .sigcont {
                editor.terminalChanged()
                continue
            }
            await editor.finish()
            exit(128 + signal.rawValue)
        }
    }
}
