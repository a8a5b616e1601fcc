import Contracts
import Testing

@testable import Persistence

/// All short sequences of events of one tier, each checked against separate plain facts.
@Suite struct TierKnowledgeTests {
    private enum Transition: CaseIterable {
        case contactAsLeft, contactWithSentVisit, contactPutBack, contactWithOtherDatabase, connected, touchPlanned,
            touchRefused, unnotedVisitSent, readToEnd, doubted, awaitedInVain, tierChanged, seededInPart, seeded,
            owedAll, letGo,
            takenUp, diskLost, noNoteFoundOnEmptyDisk, noNoteFoundOnFullDisk, noted
    }

    /// What happened, described without the type under test.
    private struct Facts {
        var visitsGiven: Int64 = 100
        /// Since the disk was created or lost rows, and since the tier last became strange.
        var wasReadToEnd = false
        var wasSeeded = true
        var takesDebts = true
        /// The note on the disk.
        var noted = TierProgress()
    }

    /// Applies `transition`, and checks its result.
    private func take(_ transition: Transition, _ knowledge: inout TierKnowledge, _ facts: inout Facts) -> [String] {
        let before = knowledge
        var wrong: [String] = []
        func demand(_ isMet: Bool, _ what: String) { if !isMet { wrong.append("\(transition): \(what)") } }
        func contact(_ mark: Int64, _ visit: Int64, isStrange: Bool) {
            let recognition = knowledge.met(TierContact(mark: mark, visit: visit))
            demand(recognition == (isStrange ? .strange : .asLeft), "recognised as \(recognition)")
            demand(knowledge.progress.mark == mark && knowledge.visit == visit, "the contact is not known")
            if isStrange {
                demand(knowledge.nextVisit == nil, "a visit that was sent to another state is still expected")
                (facts.wasReadToEnd, facts.wasSeeded, facts.takesDebts) = (false, false, false)
            }
        }
        let mark = before.progress.mark ?? 1
        switch transition {
        case .contactAsLeft:
            contact(mark, before.visit, isStrange: false)
            demand(knowledge.nextVisit == before.nextVisit, "a visit that may still arrive is forgotten")
        case .contactWithSentVisit:
            guard let sent = before.nextVisit else { return [] }
            contact(mark, sent, isStrange: false)
            demand(knowledge.nextVisit == nil, "the visit is there and still expected")
        case .contactPutBack: contact(mark, before.visit == 7 ? 8 : 7, isStrange: before.isMet)
        case .contactWithOtherDatabase: contact(mark + 1, before.visit, isStrange: before.isMet)
        case .connected: knowledge.connected()
        case .touchPlanned:
            facts.visitsGiven += 1
            knowledge.touchPlanned(next: facts.visitsGiven)
            demand(knowledge.nextVisit == before.nextVisit ?? facts.visitsGiven, "another visit is sent")
            demand(knowledge.visit == before.visit, "the visit that is there is another")
        case .touchRefused: knowledge.touchRefused()
        case .unnotedVisitSent:
            facts.visitsGiven += 1
            knowledge.unnotedVisitSent(next: facts.visitsGiven, isTouchUnderWay: before.nextVisit != nil)
            demand(knowledge.hasUnnotedVisit && knowledge.nextVisit == facts.visitsGiven, "no visit is sent")
        case .readToEnd:
            let moment = Revision(rawValue: 1_000)
            knowledge.readToEnd(from: before.pulledTo, at: moment)
            demand(knowledge.pulledTo == max(before.pulledTo, moment), "read to \(knowledge.pulledTo)")
            facts.wasReadToEnd = true
        case .doubted:
            knowledge.doubted()
            facts.wasReadToEnd = false
            demand(knowledge.isAwaited == before.isAwaited, "is awaited: \(knowledge.isAwaited)")
        case .awaitedInVain:
            knowledge.awaitedInVain()
            demand(!knowledge.isAwaited, "is still awaited")
        case .tierChanged:
            knowledge.tierChanged()
            (facts.wasReadToEnd, facts.wasSeeded, facts.takesDebts) = (false, false, false)
        case .seededInPart:
            knowledge.seeded(upTo: "k")
            (facts.wasSeeded, facts.takesDebts) = (false, true)
        case .seeded:
            knowledge.seeded(upTo: nil)
            (facts.wasSeeded, facts.takesDebts) = (true, true)
        case .owedAll, .letGo, .takenUp:
            switch transition {
            case .owedAll: knowledge.owedAll()
            case .letGo: knowledge.letGo()
            default: knowledge.takenUp()
            }
            (facts.wasSeeded, facts.takesDebts) = (false, false)
        case .diskLost:
            knowledge.diskLost()
            (facts.wasReadToEnd, facts.wasSeeded, facts.takesDebts) = (false, false, false)
            demand(knowledge.isAwaited, "what the disk has lost is not waited for")
            demand(knowledge.progress.mark == before.progress.mark, "another database would pass for this one")
        case .noNoteFoundOnEmptyDisk:
            // As at a start, there is no earlier knowledge.
            knowledge = TierKnowledge()
            knowledge.noNoteFound(isDiskEmpty: true)
            facts = Facts(visitsGiven: facts.visitsGiven, noted: facts.noted)
            demand(knowledge.isAwaited, "what an empty disk has lost is not waited for")
        case .noNoteFoundOnFullDisk:
            knowledge = TierKnowledge()
            knowledge.noNoteFound(isDiskEmpty: false)
            facts = Facts(visitsGiven: facts.visitsGiven, noted: facts.noted)
            (facts.wasSeeded, facts.takesDebts) = (false, false)
            demand(!knowledge.isAwaited, "a new tier is waited for")
        case .noted:
            knowledge.noted()
            facts.noted = knowledge.progress
            demand(knowledge.isNoted && !knowledge.hasUnnotedVisit, "is not noted")
        }
        demand(knowledge.isReadToEnd == facts.wasReadToEnd, "read to the end: \(knowledge.isReadToEnd)")
        demand(knowledge.isSeeded == facts.wasSeeded, "is seeded: \(knowledge.isSeeded)")
        demand(knowledge.takesDebts == facts.takesDebts, "takes debts: \(knowledge.takesDebts)")
        demand(!knowledge.isNoted || knowledge.progress == facts.noted, "the disk has no note of that")
        return wrong
    }

    @Test func `The knowledge of a tier: right after every sequence of four transitions`() {
        var stories = 0
        func go(_ story: [Transition], _ knowledge: TierKnowledge, _ facts: Facts) {
            guard story.count < 4 else { return }
            for transition in Transition.allCases {
                var (next, nextFacts) = (knowledge, facts)
                let wrong = take(transition, &next, &nextFacts)
                stories += 1
                if !wrong.isEmpty { Issue.record("\(story + [transition]): \(wrong)") }
                go(story + [transition], next, nextFacts)
            }
        }
        go([], TierKnowledge(), Facts())
        #expect(stories == 21 + 441 + 9_261 + 194_481)
    }

    @Test func `A note on the disk: gives a later process the same knowledge`() {
        var knowledge = TierKnowledge()
        _ = knowledge.met(TierContact(mark: 3, visit: 0))
        knowledge.touchPlanned(next: 9)
        knowledge.noted()
        var later = TierKnowledge(noted: knowledge.progress)
        // The tier stored the new visit number, but the response to that write was lost.
        #expect(later.met(TierContact(mark: 3, visit: 9)) == .asLeft)
        var wiped = TierKnowledge(noted: knowledge.progress)
        #expect(wiped.met(TierContact(mark: 4, visit: 0)) == .strange)
        #expect(!wiped.takesDebts && !wiped.isReadToEnd)
    }
}
