import MailkeepModel
import Testing

@Suite("Legal holds, retention and erasure: the policies (R1–R4)")
struct KeepingPolicyTests {
    private static let holds = [HoldID(rawValue: 3), HoldID(rawValue: 7)]
    private static let day: Int64 = 86_400_000

    @Test(
        "Administrators alone place and lift holds and erase, and nothing overrides a hold",
        arguments: [
            Case("an administrator places", HoldPolicy.place(actor: user(1, .administrator)), .allowed),
            Case("a user places", HoldPolicy.place(actor: user(1)), .refused(.p1)),
            Case("one who was one places", HoldPolicy.place(actor: user(1, .administrator, .inactive)), .refused(.p1)),
            Case("lifts", HoldPolicy.lift(actor: user(1, .administrator), isStanding: true), .allowed),
            Case("lifts again", HoldPolicy.lift(actor: user(1, .administrator), isStanding: false), .unchanged),
            Case("lifts none", HoldPolicy.lift(actor: user(1, .administrator), isStanding: nil), .refused(.v1)),
            Case("a user lifts none", HoldPolicy.lift(actor: user(1), isStanding: nil), .refused(.p1)),
            Case("a user lifts", HoldPolicy.lift(actor: user(1), isStanding: true), .refused(.p1)),
            Case("a user lifts again", HoldPolicy.lift(actor: user(1), isStanding: false), .refused(.p1)),
            Case("deletes what is free", HoldPolicy.delete(coveredBy: []), .allowed),
            Case("deletes what is held", HoldPolicy.delete(coveredBy: holds), .refused(Refusal(.r1, holds: holds))),
            Case("erases what is free", ErasurePolicy.start(actor: user(1, .administrator), holds: []), .allowed),
            Case(
                "erases what is held",
                ErasurePolicy.start(actor: user(1, .administrator), holds: holds),
                .refused(Refusal(.r1, holds: holds))
            ),
            Case("a user erases what is held", ErasurePolicy.start(actor: user(1), holds: holds), .refused(.p1)),
        ]
    )
    func decisions(_ line: Case) {
        #expect(line.answer == line.expected)
    }

    @Test(
        "A message's date is when it was sent; when it came where that is missing or in the future; else when it was stored",
        arguments: [
            (nil, nil, 20), (5, nil, 5), (nil, 9, 9), (5, 9, 5), (15, 9, 15), (20, 9, 20), (21, 9, 9), (21, nil, 20),
            (21, 22, 20), (nil, 22, 20),
        ] as [(Int64?, Int64?, Int64)]
    )
    func dates(sentAt: Int64?, receivedAt: Int64?, date: Int64) {
        let message = DeletionCandidate(
            sentAt: sentAt.map(Timestamp.init),
            receivedAt: receivedAt.map(Timestamp.init),
            storedAt: Timestamp(rawValue: 20)
        )
        #expect(RetentionPolicy.date(of: message) == Timestamp(rawValue: date))
    }

    @Test("Due is what is dated before the cutoff, on no hold and in no backup")
    func due() {
        let cutoff = Timestamp(rawValue: 10)
        func isDue(_ sentAt: Int64?, _ holds: [HoldID] = [], isBackedUp: Bool = false) -> Bool {
            let message = DeletionCandidate(
                sentAt: sentAt.map(Timestamp.init),
                receivedAt: nil,
                storedAt: Timestamp(rawValue: 20),
                holds: holds,
                isBackedUp: isBackedUp
            )
            return RetentionPolicy.isDue(message, cutoff: cutoff)
        }
        #expect(isDue(9))
        #expect(!isDue(10))
        #expect(!isDue(9, Self.holds))
        #expect(!isDue(9, isBackedUp: true))
    }

    @Test("The cutoff lies as many days back as are set")
    func cutoff() {
        let now = Timestamp(rawValue: 100 * Self.day)
        #expect(RetentionSetting(days: 30, setBy: user(1).id).cutoff(at: now).rawValue == 70 * Self.day)
        #expect(RetentionSetting.cutoff(days: .max, at: now) == RetentionSetting.cutoff(days: 36_500, at: now))
    }

    @Test("An erasure is confirmed by the very number that the preview told")
    func confirmation() {
        #expect(ErasurePolicy.isSeen(confirmed: 3, messages: 3))
        #expect(!ErasurePolicy.isSeen(confirmed: 2, messages: 3))
        #expect(!ErasurePolicy.isSeen(confirmed: 4, messages: 3))
    }
}
