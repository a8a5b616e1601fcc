import KillPoints
import Sending

extension SendTimes {
    /// In a test build, a test can shorten the minutes between two tries of a message whose outcome is unknown.
    static var ofThisProcess: SendTimes {
        var times = SendTimes()
        if let milliseconds = testMilliseconds("RIVET_REPEAT_AFTER_MS") {
            times.repeatAfter = [.milliseconds(milliseconds)]
        }
        return times
    }
}
