/// Bugs that a test plants in the queue, to show that the simulation finds them. A release build has none.
package enum SendingBug: String, Sendable, CaseIterable {
    /// An item that had no effect does not give back its place in the limits.
    case placesLost
    /// A chat's 429 does not pause the chat.
    case pauseIgnored
    /// A pause lasts as long as the 429 says, without a maximum.
    case pauseUncapped
    /// 429s of several chats do not pause the other chats.
    case pauseNotShared
    /// A group's limit is not applied.
    case groupLimitForgotten
    /// A try with an unknown outcome is not counted.
    case unknownNotCounted
    /// A try with an unknown outcome is repeated at once.
    case unknownRepeatedAtOnce
    /// The tries of earlier processes are not counted.
    case triesForgotten
    /// A stored item is tried before its row counts the try.
    case notMarked
    /// An item counts as stored before it is.
    case storedTooEarly
    /// A sent item stays in the row.
    case sentStaysInRow
    /// The queue does not wait for the rows of an earlier process.
    case takeoverNotAwaited
    /// The newest item of a lane goes first.
    case newestFirst
    /// The chat whose item was handed over first goes before all others.
    case floodGoesFirst
    /// An update that Telegram delivers again gets a second reply, although the first is queued.
    case redeliveredTwice
    /// Tries continue while Telegram does not respond.
    case outageBurnsTries
    /// A tap acknowledgement waits for the overall limit.
    case tapTakesPlace
    /// A question whose outcome is unknown is sent again although there is a newer message.
    case oldQuestionAgain
    /// A try that was counted ahead stays counted when the process stops in an orderly way.
    case countKept
    /// After a group became a supergroup, its old id is still used.
    case migrationForgotten
}

#if RIVET_KILL_POINTS
    /// SAFETY: one test sets it before its simulation begins, and the thread that runs the simulation reads it. The
    /// tests that set it are in one serialized suite; no other test reads it.
    package nonisolated(unsafe) var theSendingBug: SendingBug?
#endif

@inline(__always)
func plantedBug(_ bug: SendingBug) -> Bool {
    #if RIVET_KILL_POINTS
        theSendingBug == bug
    #else
        false
    #endif
}
