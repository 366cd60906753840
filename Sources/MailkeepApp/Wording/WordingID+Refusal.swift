package import MailkeepModel

extension WordingID {
    /// The sentence by which a refusal is told: its reason's where there is one, else its rule's.
    package init(_ refusal: Refusal) {
        self =
            switch refusal.reason {
            case .settings: .noSettings
            case .running: .noRunning
            case .done: .noDone
            case .lockInactive: .noLockInactive
            case .last: .noU2Last
            case .`self`: .noU2Self
            case nil: WordingID(refusal.rule)
            }
    }

    private init(_ rule: Rule) {
        self =
            switch rule {
            case .p1: .noP1
            case .b3: .noB3
            case .b4: .noB4
            case .b5: .noB5
            case .l1: .noL1
            case .l2: .noL2
            case .l3: .noL3
            case .l5: .noL5
            case .l7: .noL7
            case .l9: .noL9
            case .n3: .noN3
            case .n4: .noN4
            case .r1: .noR1
            case .u1: .noU1
            case .u2: .noU2Last
            case .v1: .noV1
            case .v5: .noV5
            }
    }
}
