/// Mistakes that a test has the queue make, to show that the simulation finds them. In a release build there are none.
package enum SendingBug: String, Sendable, CaseIterable {
    /// A place in a limit is not given back by what took no effect.
    case placesLost
    /// What a 429 says of a chat is not heeded.
    case pauseIgnored
    /// A pause may last as long as an answer says.
    case pauseUncapped
    /// Each chat finds out by itself that all must wait.
    case pauseNotShared
    /// A group counts as a person.
    case groupLimitForgotten
    /// An unknown outcome counts as nothing sent.
    case unknownNotCounted
    /// What had an unknown outcome is tried again at once.
    case unknownRepeatedAtOnce
    /// How often an item may have been sent by earlier processes is forgotten.
    case triesForgotten
    /// A stored item is tried before the row says so.
    case notMarked
    /// An item counts as stored before it is.
    case storedTooEarly
    /// What was sent stays in the row.
    case sentStaysInRow
    /// The rows of an earlier process are not waited for.
    case takeoverNotAwaited
    /// The newest item of a lane goes first.
    case newestFirst
    /// The chat that was handed something first goes before all others.
    case floodGoesFirst
    /// An update that comes again is answered again, although its reply is owed.
    case redeliveredTwice
    /// While Telegram does not answer, tries go on.
    case outageBurnsTries
    /// A tap waits for the chat's limit.
    case tapTakesPlace
    /// A question whose outcome is unknown is asked again although there is a later one.
    case oldQuestionAgain
    /// A try that was counted ahead stays counted when the process ends in order.
    case countKept
    /// A supergroup's old number is used again and again.
    case migrationForgotten
}

#if RIVET_KILL_POINTS
    /// SAFETY: set by one test before its simulation begins, and read by the thread that runs it. The tests that set it
    /// are in one serialized suite; no other test looks at it.
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
