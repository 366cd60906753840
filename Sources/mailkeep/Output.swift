import MailkeepApp
import MailkeepModel

/// How much of a list a document holds.
struct PageInfo: Encodable {
    var page: Int
    var per_page: Int
    var count: Int
    var more_records: Bool
    /// How far older mail is linked, where that is told.
    var linking: LinkingShape?

    /// - Parameter request: nil where the page is the whole list.
    init<Item>(_ page: Page<Item>, _ request: PageRequest?, linking: LinkingShape?) {
        self.page = page.number
        count = page.items.count
        per_page = request?.size ?? count
        more_records = page.hasMore
        self.linking = linking
    }
}

/// What became of one thing that was acted on, in the API's form.
struct ActionShape: Encodable {
    struct Details: Encodable {
        var id: String
        var rule: String?
        var reason: String?
        var backup: BackupShape?
        var verification: VerificationShape?
    }

    var code = "SUCCESS"
    var details: Details
    var message: String
    var status = "success"

    init(id: String, message: String, backup: BackupShape? = nil, verification: VerificationShape? = nil) {
        details = Details(id: id, backup: backup, verification: verification)
        self.message = message
    }

    /// One of several things that was refused or failed.
    init(id: String, _ error: ErrorReport.Document) {
        code = error.code
        details = Details(id: id, rule: error.details.rule, reason: error.details.reason)
        message = error.message
        status = "error"
    }
}

/// Rows under a header, in columns as wide as they need to be.
struct Table {
    let header: [String]
    let rows: [[String]]

    /// In characters; anybody can send a subject of a million, and all rows are as wide as the widest.
    private static let longestCell = 250

    var text: String {
        let lines = ((header.isEmpty ? [] : [header]) + rows).map { $0.map(Self.cell) }
        let widths = (0..<(lines.map(\.count).max() ?? 0)).map { column in
            lines.map { column < $0.count ? $0[column].columns : 0 }.max() ?? 0
        }
        return lines.map { line in
            line.enumerated().map { column, cell in
                column == line.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.columns)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func cell(_ text: String) -> String {
        let shown = text.withoutControls
        guard let end = shown.index(shown.startIndex, offsetBy: longestCell, limitedBy: shown.endIndex),
            end < shown.endIndex
        else { return shown }
        return shown[..<end] + "…"
    }
}

extension String {
    /// Fit for a terminal: what a mail says must not steer it.
    var withoutControls: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.filter { ![.control, .format].contains($0.properties.generalCategory) }
            )
        )
    }

    /// Columns in a terminal: East Asian wide characters take two.
    var columns: Int {
        unicodeScalars.reduce(0) { width, scalar in
            switch scalar.value {
            case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
                0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
                width + 2
            default: scalar.properties.generalCategory == .nonspacingMark ? width : width + 1
            }
        }
    }
}
