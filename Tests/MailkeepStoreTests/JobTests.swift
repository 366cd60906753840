import MailkeepModel
import Testing

@testable import MailkeepStore

@Suite("Jobs are worked on by one at a time (design decision 12)")
struct JobTests {
    private static let minute: Int64 = 60_000

    /// Takes up a job `after` so many minutes, for one minute.
    private static func lease(
        _ scene: Scene,
        _ owner: String,
        after minutes: Int64 = 0,
        only: JobID? = nil
    ) throws -> LeasedJob? {
        let moment = scene.now.advanced(byMilliseconds: minutes * minute)
        return try scene.transaction.leaseJob(
            as: owner,
            until: moment.advanced(byMilliseconds: minute),
            at: moment,
            only: only
        )
    }

    private static func synchronisation(of user: UserID, _ scene: Scene) throws -> JobID {
        try scene.transaction.insertJob(.synchronise, user: user, permissions: JobPermissions(), at: scene.now)
    }

    @Test("A job that waits is taken up once, with what was permitted for it")
    func lease() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let permissions = JobPermissions(mailNetworks: ["10.0.0.0/8"], mailPaths: ["/srv/mail"])
            let id = try scene.transaction.insertJob(.synchronise, user: user, permissions: permissions, at: scene.now)
            let job = try Self.lease(scene, "a")
            #expect(job?.id == id && job?.kind == .synchronise && job?.user == user && job?.backup == nil)
            #expect(job?.permissions == permissions && job?.attempts == 1)
            #expect(try Self.lease(scene, "b") == nil)
            #expect(try scene.transaction.jobState(id)?.state == .running)
        }
    }

    @Test("A job asked for again while it waits is the same job, and while it is at work comes after it")
    func pending() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let first = try Self.synchronisation(of: user, scene)
            #expect(try Self.synchronisation(of: user, scene) == first)
            _ = try Self.lease(scene, "a")
            let second = try Self.synchronisation(of: user, scene)
            #expect(second != first)
            #expect(try Self.synchronisation(of: user, scene) == second)
            #expect(try Self.lease(scene, "b") == nil)
            try scene.transaction.endJob(first, as: .done, at: scene.now)
            #expect(try Self.lease(scene, "b")?.id == second)
        }
    }

    @Test("What waits beside a job that has to rest, or that nobody works on any more, is not lost and comes after it")
    func pendingBeside() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let first = try Self.synchronisation(of: user, scene)
            _ = try Self.lease(scene, "a")
            let second = try Self.synchronisation(of: user, scene)
            let until = scene.now.advanced(byMilliseconds: 15 * Self.minute)
            try scene.transaction.postponeJob(first, until: until, error: "throttled", detail: nil)
            #expect(try Self.lease(scene, "b", after: 14) == nil)
            for job in [first, second] {
                #expect(try scene.transaction.jobState(job)?.restsUntil(at: scene.now) == until)
            }
            #expect(try #require(try scene.transaction.jobState(first)).restsUntil(at: until) == nil)
            #expect(try scene.transaction.lastSynchronisationError(of: user)?.code == "throttled")
            #expect(try Self.lease(scene, "b", after: 15)?.id == first)
            try scene.transaction.releaseAllJobs()
            #expect(try Self.lease(scene, "c", after: 15)?.id == first)
            try scene.transaction.endJob(first, as: .done, at: until)
            #expect(try scene.transaction.lastSynchronisationError(of: user) == nil)
            #expect(try Self.lease(scene, "d", after: 15)?.id == second)
        }
    }

    @Test("A job that rests goes on at once when its user's settings are saved, or somebody asks for it")
    func wakes() async throws {
        let (organization, user) = try await Organization.make { scene in
            let user = try scene.user("user")
            try scene.mailbox(of: user, .all)
            return user
        }
        try await organization.change { scene in
            let job = try Self.synchronisation(of: user, scene)
            let until = scene.now.advanced(byMilliseconds: 15 * Self.minute)
            for saves in [false, true] {
                #expect(try Self.lease(scene, "a")?.id == job)
                try scene.transaction.postponeJob(job, until: until, error: "throttled", detail: nil)
                #expect(try scene.transaction.rests(of: job) == 1)
                #expect(try Self.synchronisation(of: user, scene) == job)
                #expect(try Self.lease(scene, "a", after: 1) == nil)
                if saves {
                    try scene.mailbox(of: user, .all)
                } else {
                    try scene.transaction.wakeJobs(.synchronise, of: user)
                }
                #expect(try scene.transaction.rests(of: job) == 0)
                #expect(try scene.transaction.lastSynchronisationError(of: user) == nil)
            }
            #expect(try Self.lease(scene, "a")?.id == job)
        }
    }

    @Test("Rests are counted until the job comes further, and only by who holds it")
    func rests() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let job = try Self.synchronisation(of: user, scene)
            for _ in 1...3 {
                _ = try Self.lease(scene, "a")
                try scene.transaction.postponeJob(job, until: scene.now, error: "throttled", detail: nil)
            }
            try scene.transaction.postponeJob(job, until: scene.now, error: "throttled", detail: nil)
            #expect(try scene.transaction.rests(of: job) == 3)
            _ = try Self.lease(scene, "a")
            let later = scene.now.advanced(byMilliseconds: Self.minute)
            #expect(try scene.transaction.renewLease(of: job, lease: "b", until: later, hasComeFurther: true) == false)
            #expect(try scene.transaction.renewLease(of: job, lease: "a", until: later))
            #expect(try scene.transaction.rests(of: job) == 3)
            #expect(try scene.transaction.renewLease(of: job, lease: "a", until: later, hasComeFurther: true))
            #expect(try scene.transaction.rests(of: job) == 0)
        }
    }

    @Test("An expired lease is taken over, and its former owner has lost the job")
    func takeOver() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let id = try Self.synchronisation(of: user, scene)
            let later = scene.now.advanced(byMilliseconds: 10 * Self.minute)
            _ = try Self.lease(scene, "a")
            #expect(try scene.transaction.renewLease(of: id, lease: "b", until: later) == false)
            #expect(try scene.transaction.renewLease(of: id, lease: "a", until: scene.now.advanced(byMilliseconds: 1)))
            #expect(try Self.lease(scene, "b", after: 1)?.attempts == 2)
            #expect(try scene.transaction.renewLease(of: id, lease: "a", until: later) == false)
            #expect(try scene.transaction.renewLease(of: id, lease: "b", until: later))
        }
    }

    @Test("A lease that is renewed holds for as long as it is")
    func renewal() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let id = try Self.synchronisation(of: user, scene)
            _ = try Self.lease(scene, "a")
            let later = scene.now.advanced(byMilliseconds: 10 * Self.minute)
            #expect(try scene.transaction.renewLease(of: id, lease: "a", until: later))
            #expect(try Self.lease(scene, "b", after: 10) == nil)
            #expect(try Self.lease(scene, "b", after: 11)?.id == id)
        }
    }

    @Test("A mailbox is worked on by one job at a time, and others meanwhile by others; backups go first")
    func oneJobPerMailbox() async throws {
        let (organization, users) = try await Organization.make { scene in
            try ["first", "second"].map { name in
                let user = try scene.user(name)
                try scene.mailbox(of: user, .all)
                return user
            }
        }
        try await organization.change { scene in
            let synchronisations = try users.map { try Self.synchronisation(of: $0, scene) }
            let backup = try scene.requestBackup(of: users[1])
            let backupJob = try #require(try scene.transaction.job(of: backup.id))
            let first = try Self.lease(scene, "a")
            #expect(first?.id == backupJob && first?.backup == backup.id)
            #expect(try Self.lease(scene, "b")?.id == synchronisations[0])
            #expect(try Self.lease(scene, "c") == nil)
            #expect(try Self.lease(scene, "c", only: synchronisations[1]) == nil)
            try scene.transaction.endJob(backupJob, as: .done, at: scene.now)
            #expect(try Self.lease(scene, "c")?.id == synchronisations[1])
        }
    }

    @Test("Only the job named is taken up, where one is")
    func only() async throws {
        let (organization, users) = try await Organization.make { scene in try ["a", "b"].map { try scene.user($0) } }
        try await organization.change { scene in
            let jobs = try users.map { try Self.synchronisation(of: $0, scene) }
            #expect(try Self.lease(scene, "a", only: jobs[1])?.id == jobs[1])
            #expect(try Self.lease(scene, "a", only: jobs[1]) == nil)
            #expect(try Self.lease(scene, "a", only: JobID(rawValue: 99)) == nil)
            #expect(try scene.transaction.jobState(jobs[0])?.state == .waiting)
        }
    }

    @Test(
        "A job that has ended is never taken up again",
        arguments: [JobState.done, .failed, .cancelled]
    )
    func ends(state: JobState) async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let id = try Self.synchronisation(of: user, scene)
            #expect(try Self.lease(scene, "b")?.id == id)
            try scene.transaction.endJob(id, as: state, error: "code", detail: "words", at: scene.now)
            try scene.transaction.endJob(id, as: .waiting, at: scene.now)
            let ended = try #require(try scene.transaction.jobState(id))
            #expect(ended.state == state && ended.error == "code" && ended.detail == "words")
            #expect(try scene.transaction.renewLease(of: id, lease: "b", until: scene.now) == false)
            try scene.transaction.releaseAllJobs()
            #expect(try Self.lease(scene, "c", after: 10) == nil)
        }
    }

    @Test("A new owner of the data directory lets all running jobs wait again")
    func releaseAll() async throws {
        let (organization, users) = try await Organization.make { scene in try ["a", "b"].map { try scene.user($0) } }
        try await organization.change { scene in
            let jobs = try users.map { try Self.synchronisation(of: $0, scene) }
            _ = try Self.lease(scene, "a")
            try scene.transaction.releaseAllJobs()
            #expect(try scene.transaction.renewLease(of: jobs[0], lease: "a", until: scene.now) == false)
            #expect(try [Self.lease(scene, "b")?.id, Self.lease(scene, "b")?.id] == jobs)
        }
    }

    @Test("A job asked for again may reach what either request allows")
    func mergedPermissions() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let id = try Self.synchronisation(of: user, scene)
            let more = JobPermissions(mailNetworks: ["10.0.0.0/8"])
            let again = try scene.transaction.insertJob(.synchronise, user: user, permissions: more, at: scene.now)
            #expect(again == id)
            #expect(try Self.lease(scene, "a")?.permissions == more)
        }
    }

    @Test("Whose mailbox is to be synchronised: longest ago first, and after each failure in a row later")
    func schedule() async throws {
        let (organization, users) = try await Organization.make { scene in
            let users = try ["a", "b"].map { try scene.user($0) }
            for user in users { try scene.mailbox(of: user, .all) }
            try scene.mailbox(of: try scene.user("gone", status: .inactive), .all)
            return users
        }
        try await organization.change { scene in
            func due(after minutes: Int64) throws -> [UserID] {
                let moment = scene.now.advanced(byMilliseconds: minutes * Self.minute)
                return try scene.transaction.usersToSynchronise(every: 5 * Self.minute, at: moment)
            }
            func end(_ user: UserID, _ state: JobState, after minutes: Int64) throws {
                let moment = scene.now.advanced(byMilliseconds: minutes * Self.minute)
                try scene.transaction.endJob(try Self.synchronisation(of: user, scene), as: state, at: moment)
            }
            #expect(try due(after: 0) == users)
            let pending = try Self.synchronisation(of: users[0], scene)
            #expect(try due(after: 0) == [users[1]])
            #expect(try Self.lease(scene, "a")?.id == pending)
            #expect(try due(after: 0) == [users[1]])
            try end(users[0], .done, after: 1)
            try scene.transaction.endJob(pending, as: .done, at: scene.now)
            try end(users[1], .failed, after: 2)
            #expect(try due(after: 5) == [])
            #expect(try due(after: 6) == [users[0]])
            #expect(try due(after: 11) == [users[0]])
            #expect(try due(after: 12) == users)
            for _ in 0..<40 { try end(users[1], .failed, after: 12) }
            #expect(try due(after: 12 + 359) == [users[0]])
            #expect(try due(after: 12 + 360) == users)
            try end(users[1], .done, after: 400)
            #expect(try due(after: 404) == [users[0]])
            #expect(try due(after: 405) == users)
            try end(users[1], .failed, after: 500)
            try scene.mailbox(of: users[1], .recordLevel)
            #expect(try due(after: 500).contains(users[1]), "settings saved since are tried at once")
        }
    }

    @Test("A backup whose lease was taken over cannot be completed by its former owner")
    func completion() async throws {
        let (organization, user) = try await Organization.make { scene in
            let user = try scene.user("user")
            try scene.mailbox(of: user, .all)
            return user
        }
        try await organization.change { scene in
            let backup = try scene.requestBackup(of: user)
            let first = try #require(try Self.lease(scene, "a"))
            try scene.transaction.beginBackup(backup.id, at: scene.now)
            let second = try #require(try Self.lease(scene, "b", after: 2))
            #expect(first.id == second.id && first.lease != second.lease)
            #expect(try scene.transaction.renewLease(of: first.id, lease: first.lease, until: scene.now) == false)
            #expect(try scene.transaction.renewLease(of: first.id, lease: second.lease, until: scene.now))
        }
    }

    @Test("How the last synchronisation ended badly is told until one ends well")
    func lastError() async throws {
        let (organization, user) = try await Organization.make { try $0.user("user") }
        try await organization.change { scene in
            let outcomes: [(JobState, String?)] = [(.failed, "first"), (.failed, "second"), (.done, nil)]
            #expect(try scene.transaction.lastSynchronisationError(of: user) == nil)
            for (state, error) in outcomes {
                let id = try Self.synchronisation(of: user, scene)
                try scene.transaction.endJob(id, as: state, error: error, at: scene.now)
                #expect(try scene.transaction.lastSynchronisationError(of: user)?.code == error)
            }
        }
    }
}
