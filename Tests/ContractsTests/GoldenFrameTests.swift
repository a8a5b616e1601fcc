import Contracts
import Testing

/// The wire form of every method, letter by letter: programs in any language rely on it. A change here changes the
/// contract.
@Suite struct GoldenFrameTests {
    private static let key = ConversationKey(userID: "7", chatID: "-100:5")
    private static let moment = Timestamp(milliseconds: 1_795_440_397_690)
    private static let machine = Machine(
        id: "b8ced2cd-8fae-4740-b92a-2f8240a33a7c", userID: "7",
        details: MachineDetails(
            nickname: "Pump", texts: [.manufacturer: "Siemens", .notes: "a\nb"], ocrData: ["raw": "SIEMENS"]),
        revision: Revision(rawValue: 117_660_321_284_030_464), createdAt: moment, updatedAt: moment, storedIn: [.sqlite]
    )
    private static let machineJSON = """
        {"created_at":"2026-11-23T13:26:37.690Z","id":"b8ced2cd-8fae-4740-b92a-2f8240a33a7c","location":null,\
        "manufacturer":"Siemens","model_number":null,"nickname":"Pump","notes":"a\\nb","ocr_data":{"raw":"SIEMENS"},\
        "photo_file_id":null,"revision":117660321284030464,"serial_number":null,"stored_in":["sqlite"],\
        "updated_at":"2026-11-23T13:26:37.690Z","user_id":"7"}
        """

    private func expect<Method: RPCMethod>(
        _ method: Method.Type, _ params: Method.Params, _ paramsJSON: String, _ output: Method.Output,
        _ outputJSON: String
    ) throws {
        #expect(JSONValue.object(params.members).text == paramsJSON)
        #expect(try Method.Params(Parameters(params.members)) == params)
        #expect(output.json.text == outputJSON)
        #expect(try Method.Output(Parameters(output.json.objectValue ?? [:])) == output)
    }

    @Test func `The frames of a load and a list: unchanged`() throws {
        let state = Conversation(
            step: "model", data: ["nickname": "Pump", "x": .decimal("1.10")], revision: Revision(rawValue: 5),
            updateID: 9,
            startedAt: Self.moment, updatedAt: Self.moment, expiresAt: Self.moment, storedIn: [.neon, .sqlite, .memory])
        let stateJSON = """
            {"data":{"nickname":"Pump","x":1.10},"expires_at":"2026-11-23T13:26:37.690Z","revision":5,\
            "started_at":"2026-11-23T13:26:37.690Z","step":"model","stored_in":["neon","sqlite","memory"],\
            "update_id":9,"updated_at":"2026-11-23T13:26:37.690Z"}
            """
        let keyJSON = #""chat_id":"-100:5","conversation_type":"add_machine""#
        try expect(
            StateLoad.self, .init(key: Self.key), "{\(keyJSON),\"user_id\":\"7\"}", .init(state: nil),
            #"{"state":null}"#)
        try expect(
            StateLoad.self, .init(key: Self.key, updateID: 9), "{\(keyJSON),\"update_id\":9,\"user_id\":\"7\"}",
            .init(
                state: state, applied: AppliedUpdate(cleared: .init(reason: .completed, outcome: ["a": 1])),
                tellsApplied: true),
            #"{"applied":{"cleared":{"outcome":{"a":1},"reason":"completed"}},"state":\#(stateJSON)}"#)
        try expect(
            StateList.self, .init(type: "outbox", limit: 3, cursor: "c"),
            #"{"conversation_type":"outbox","cursor":"c","limit":3}"#,
            .init(conversations: [.init(key: Self.key, state: state)], nextCursor: nil),
            #"{"conversations":[{\#(keyJSON),"state":\#(stateJSON),"user_id":"7"}],"next_cursor":null}"#)
    }

    @Test func `The frames of a save: unchanged`() throws {
        try expect(
            StateSave.self,
            .init(
                key: Self.key, step: "serial", data: ["model_number": nil], updateID: -4,
                expectedRevision: Revision(rawValue: 8)),
            #"{"chat_id":"-100:5","conversation_type":"add_machine","data":{"model_number":null},"expected_revision":8,"#
                + #""step":"serial","update_id":-4,"user_id":"7"}"#,
            .init(revision: Revision(rawValue: 9), expiresAt: Self.moment, placement: Placement([.memory])),
            #"{"durable":false,"expires_at":"2026-11-23T13:26:37.690Z","revision":9,"stored_in":["memory"]}"#)
    }

    @Test func `The frames of a clear and a sweep: unchanged`() throws {
        try expect(
            StateClear.self, .init(key: Self.key, reason: .cancelled, updateID: 3, outcome: "x"),
            #"{"chat_id":"-100:5","conversation_type":"add_machine","outcome":"x","reason":"cancelled","update_id":3,"#
                + #""user_id":"7"}"#,
            .init(cleared: true, revision: Revision(rawValue: 9), placement: Placement([.sqlite])),
            #"{"cleared":true,"durable":true,"revision":9,"stored_in":["sqlite"]}"#)
        try expect(StateSweep.self, .init(), "{}", .init(deleted: 3), #"{"deleted":3}"#)
    }

    @Test func `The frames of an import: unchanged, and a bad item is named in the error`() throws {
        let item = StateImport.Item(
            key: Self.key, step: "model", data: ["nickname": "Pump"], startedAt: Self.moment, updatedAt: Self.moment,
            expiresAt: Self.moment)
        try expect(
            StateImport.self, .init(conversations: [item]),
            #"{"conversations":[{"chat_id":"-100:5","conversation_type":"add_machine","data":{"nickname":"Pump"},"#
                + #""expires_at":"2026-11-23T13:26:37.690Z","started_at":"2026-11-23T13:26:37.690Z","step":"model","#
                + #""updated_at":"2026-11-23T13:26:37.690Z","user_id":"7"}]}"#,
            .init(imported: 1), #"{"imported":1}"#)
        let tooMany = JSONValue.array(Array(repeating: item.json, count: StateImport.conversationsMax + 1))
        #expect(throws: RPCError.invalidArgument("conversations", "at most 100 conversations")) {
            try StateImport.Params(Parameters(["conversations": tooMany]))
        }
        let nameless: JSONValue = ["user_id": "7", "chat_id": "7", "step": ""]
        let error = #expect(throws: RPCError.self) {
            try StateImport.Params(Parameters(["conversations": [item.json, nameless]]))
        }
        #expect(error?.field == "step" && error?.message.hasPrefix("conversations[1]: step must be") == true)
    }

    @Test func `The frames of a pull: unchanged`() throws {
        try expect(
            TiersPull.self, .init(), "{}", .init(started: [.neon, .railway]), #"{"started":["neon","railway"]}"#)
    }

    @Test func `A decision on removals: names the tier, and its result how many there are`() throws {
        try expect(
            TiersRemovals.self, .init(tier: .neon, decision: .accept), #"{"decision":"accept","tier":"neon"}"#,
            .init(removals: 5_000), #"{"removals":5000}"#)
        #expect(TiersRemovals.name == "tiers.removals")
        for params: [String: JSONValue] in [
            ["tier": "neon"], ["tier": "neon", "decision": "x"], ["decision": "reject"],
        ] {
            #expect(throws: RPCError.self) { try TiersRemovals.Params(Parameters(params)) }
        }
    }

    @Test func `An acknowledgment: lists what was acknowledged`() throws {
        try expect(
            StoreAcknowledge.self, .init(), "{}",
            .init(acknowledged: [
                .init(.fileReplaced, file: "/s/state.db.broken-20261123132637690-salvaged-3", rows: 3, at: Self.moment),
                .init(.fileReplaced, file: "/s/state.db.broken-x", rows: nil),
                .init(.rowsQuarantined, file: "/s/state.db", rows: 2),
            ]),
            #"{"acknowledged":[{"at":"2026-11-23T13:26:37.690Z","#
                + #""file":"/s/state.db.broken-20261123132637690-salvaged-3","kind":"file_replaced","rows":3},"#
                + #"{"at":null,"file":"/s/state.db.broken-x","kind":"file_replaced","rows":null},"#
                + #"{"at":null,"file":"/s/state.db","kind":"rows_quarantined","rows":2}]}"#)
        #expect(StoreAcknowledge.name == "store.acknowledge")
        try expect(StoreAcknowledge.self, .init(), "{}", .init(acknowledged: []), #"{"acknowledged":[]}"#)
        let unknown: JSONValue = ["kind": "x", "file": "f"]
        #expect(throws: RPCError.self) {
            try StoreAcknowledge.Output(Parameters(["acknowledged": [unknown]]))
        }
    }

    @Test func `The frames of a health call: unchanged`() throws {
        let histogram = try #require(
            DurationHistogram(boundsMicroseconds: [50, 1_000, 2_500], counts: [1, 2, 0, 3], sumMicroseconds: 12_345))
        try expect(
            ServiceHealth.self, .init(), "{}",
            .init(
                service: "rivet-state", version: "0.1.0", startedAt: Self.moment, status: .degraded,
                tiers: [
                    .init(
                        name: .neon, kind: "postgresql", state: .probing, pending: 3, oldestPendingAge: 7,
                        lastError: "gone",
                        latencyMilliseconds: 1.5)
                ], counters: ["calls": 1], histograms: ["state.save": histogram], detail: "neon is away"),
            #"{"counters":{"calls":1},"detail":"neon is away","#
                + #""histograms":{"state.save":{"bounds_ms":[0.05,1,2.5],"count":6,"counts":[1,2,0,3],"sum_ms":12.345}},"#
                + #""service":"rivet-state","#
                + #""started_at":"2026-11-23T13:26:37.690Z","status":"degraded","tiers":[{"kind":"postgresql","#
                + #""last_error":"gone","latency_ms":1.5,"name":"neon","oldest_pending_age_s":7,"pending":3,"#
                + #""state":"probing"}],"version":"0.1.0"}"#)
    }

    @Test func `The frames of the library's writes: unchanged`() throws {
        let stored = StoredMachine(machine: Self.machine, isDurable: true)
        let storedJSON = #"{"durable":true,"machine":\#(Self.machineJSON)}"#
        let reference = MachineReference(userID: "7", id: Self.machine.id)
        let referenceJSON = #""id":"b8ced2cd-8fae-4740-b92a-2f8240a33a7c""#
        try expect(
            LibraryAdd.self,
            .init(
                requestID: "0f6f9a3e-1b0c-4d53-9a0b-7c1d2e3f4a5b", userID: "7",
                details: MachineDetails(nickname: "Pump")),
            #"{"location":null,"manufacturer":null,"model_number":null,"nickname":"Pump","notes":null,"ocr_data":null,"#
                + #""photo_file_id":null,"request_id":"0f6f9a3e-1b0c-4d53-9a0b-7c1d2e3f4a5b","serial_number":null,"#
                + #""user_id":"7"}"#,
            stored, storedJSON)
        try expect(
            LibraryUpdate.self,
            .init(
                reference: reference, expectedRevision: Revision(rawValue: 4),
                changes: MachineChanges(nickname: "P2", texts: [.notes: nil])),
            #"{"changes":{"nickname":"P2","notes":null},"expected_revision":4,\#(referenceJSON),"user_id":"7"}"#,
            stored, storedJSON)
        try expect(
            LibraryRestore.self, .init(reference: reference, nickname: "P3"),
            #"{\#(referenceJSON),"nickname":"P3","user_id":"7"}"#, stored, storedJSON)
        try expect(
            LibraryDelete.self, reference, #"{\#(referenceJSON),"user_id":"7"}"#, .init(deleted: true, isDurable: true),
            #"{"deleted":true,"durable":true}"#)
    }

    @Test func `The frames of the library's reads: unchanged`() throws {
        try expect(
            LibraryCheckNickname.self, .init(userID: "7", nickname: "Pump"), #"{"nickname":"Pump","user_id":"7"}"#,
            .init(available: false, suggestion: "Pump (2)"), #"{"available":false,"suggestion":"Pump (2)"}"#)
        try expect(
            LibraryGet.self, .init(userID: "7", id: Self.machine.id),
            #"{"id":"b8ced2cd-8fae-4740-b92a-2f8240a33a7c","user_id":"7"}"#, .init(machine: Self.machine),
            #"{"machine":\#(Self.machineJSON)}"#)
        try expect(
            LibraryList.self, .init(userID: "7", limit: 5, cursor: "c", query: "pu"),
            #"{"cursor":"c","limit":5,"query":"pu","user_id":"7"}"#,
            .init(machines: [Self.machine], total: 1, nextCursor: nil),
            #"{"machines":[\#(Self.machineJSON)],"next_cursor":null,"total":1}"#)
    }

    @Test func `The frames of renamings: unchanged`() throws {
        try expect(
            LibraryRenamings.self, NoParams(), "{}",
            .init(renamings: [
                .init(userID: "7", id: Self.machine.id, nickname: "Pump (2)", renamedFrom: "Pump")
            ]),
            """
            {"renamings":[{"id":"b8ced2cd-8fae-4740-b92a-2f8240a33a7c","nickname":"Pump (2)","renamed_from":"Pump",\
            "user_id":"7"}]}
            """)
        try expect(
            LibraryRenamingTold.self, .init(userID: "7", id: Self.machine.id),
            #"{"id":"b8ced2cd-8fae-4740-b92a-2f8240a33a7c","user_id":"7"}"#, .init(told: true, isDurable: true),
            #"{"durable":true,"told":true}"#)
    }

    @Test func `The JSON of an error: unchanged, and read back equal`() {
        let duplicate = RPCError(.duplicateNickname, "taken", field: "nickname", suggestion: "Pump (2)")
        #expect(
            duplicate.json.text
                == #"{"code":1001,"data":{"field":"nickname","kind":"duplicate_nickname","suggestion":"Pump (2)"},"#
                + #""message":"taken"}"#)
        #expect(
            RPCError(.revisionConflict, "m", revision: 7).json.text
                == #"{"code":1002,"data":{"kind":"revision_conflict","revision":7},"message":"m"}"#)
        #expect(RPCError(.parseError, "m").json.text == #"{"code":-32700,"message":"m"}"#)
        for code in RPCError.Code.allCases {
            let error = RPCError(code, "m", field: "f")
            #expect(RPCError(json: error.json) == error)
        }
    }

    @Test func `A null parameter: the same as an absent one`() throws {
        let params = try StateSave.Params(
            Parameters([
                "user_id": "7", "chat_id": "7", "conversation_type": nil, "step": "s", "data": [:], "update_id": nil,
            ]))
        #expect(params == .init(key: ConversationKey(userID: "7", chatID: "7"), step: "s", data: [:]))
    }
}
