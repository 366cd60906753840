import Foundation

extension Notice {
    init?(json: String) {
        guard let notice = try? JSONDecoder().decode(Notice.self, from: Data(json.utf8)) else { return nil }
        self = notice
    }

    var json: String? {
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) }
    }
}
