import MailkeepModel
import Testing

@Suite("Scopes")
struct ScopeTests {
    @Test(
        "A scope covers what is below its area, and all or one kind of operation",
        arguments: [
            ("ZohoCRM.modules.ALL", "ZohoCRM.modules.contacts.DELETE", true),
            ("ZohoCRM.modules.READ", "ZohoCRM.modules.emails.READ", true),
            ("ZohoCRM.modules.READ", "ZohoCRM.modules.emails.UPDATE", false),
            ("ZohoCRM.modules.contacts.ALL", "ZohoCRM.modules.leads.READ", false),
            ("ZohoCRM.modules.contacts.ALL", "ZohoCRM.modules.READ", false),
            ("ZohoCRM.settings.ALL", "ZohoCRM.settings.fields.READ", true),
            ("Mailkeep.backups.READ", "Mailkeep.backups.READ", true),
            ("Mailkeep.backups.READ", "Mailkeep.mail_addon.READ", false),
            ("zohocrm.USERS.read", "ZohoCRM.users.READ", true),
        ]
    )
    func covers(granted: String, needed: String, isCovered: Bool) throws {
        #expect(try #require(Scope(granted)).covers(#require(Scope(needed))) == isCovered)
    }

    @Test(
        "What is no scope is none",
        arguments: ["", "ALL", "ZohoCRM.ALL", "ZohoCRM.users", "ZohoCRM.user.READ", "a.b"]
    )
    func unknown(text: String) {
        #expect(Scope(text) == nil)
    }

    @Test("Everything covers every area")
    func everything() {
        for area in Scope.Area.allCases {
            for operation in Scope.Operation.allCases {
                #expect(Scope.everything.contains { $0.covers(Scope(area, operation)) })
            }
        }
    }
}
