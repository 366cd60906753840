import Foundation
import MailkeepApp
import MailkeepModel

/// What is entered of a user.
struct UserForm: Sendable {
    /// Empty for a new one.
    var userID = ""
    var email = ""
    var userName = ""
    var profile = Profile.standard
    var role: String?
    var locale: MailkeepModel.Locale
    var aliases: [String] = []
    var isActive = true
    /// The legal holds that stand on the user.
    var holds: [HoldShape] = []

    init(locale: MailkeepModel.Locale) {
        self.locale = locale
    }

    init(_ form: FormData) {
        email = form.text("email") ?? ""
        userName = form.text("name") ?? ""
        profile = form["profile"].flatMap { Profile(rawValue: $0) } ?? .standard
        role = form.text("role")
        locale = form["locale"].flatMap { MailkeepModel.Locale(rawValue: $0) } ?? .english
        aliases = (form["aliases"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    init(_ user: UserShape) {
        userID = user.id
        email = user.email
        userName = user.full_name
        profile = user.profile.id == "1" ? .administrator : .standard
        role = user.role?.name
        locale = MailkeepModel.Locale(rawValue: user.locale) ?? .english
        aliases = user.aliases
        isActive = user.status == "active"
        holds = user.holds ?? []
    }
}

/// The page on which a user is added or changed.
struct UserFormPage {
    let action: String
    let isNew: Bool
    let isActive: Bool
    let userAddress: String
    let email: String
    let userName: String
    let aliasText: String
    let profiles: [Choice]
    let roles: [Choice]
    let locales: [Choice]
    let problem: String?
    let holdPart: HoldPart

    init(_ entered: UserForm, roles: [String], problem: Problem?, _ presenter: Presenter) {
        isNew = entered.userID.isEmpty
        isActive = entered.isActive
        userAddress = "\(UserPages.address)/\(entered.userID)"
        action = isNew ? "\(UserPages.address)/new" : userAddress
        email = entered.email
        userName = entered.userName
        aliasText = entered.aliases.joined(separator: "\n")
        profiles = [Profile.standard, .administrator].map {
            Choice($0.rawValue, presenter.profile($0), chosen: entered.profile.rawValue)
        }
        // A user without a role stays without one until one is chosen.
        let none = entered.role == nil ? [Choice("", presenter.wording.text(.usersNoRole), chosen: "")] : []
        self.roles = none + roles.map { Choice($0, $0, chosen: entered.role) }
        locales = [("ja", "日本語"), ("en", "English")].map {
            Choice($0.0, $0.1, chosen: entered.locale.rawValue)
        }
        self.problem = problem?.message
        let user = UserID(entered.userID) ?? UserID(rawValue: 0)
        holdPart = HoldPart(entered.holds, on: .user(user), presenter)
    }
}
