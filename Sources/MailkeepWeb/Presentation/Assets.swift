import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The stylesheet, the script and the icon, which every page may load.
struct Assets: Sendable {
    struct Asset: Sendable {
        let name: String
        let contentType: String
        let bytes: [UInt8]
        /// Changes with the content, so that browsers may keep it.
        let address: String

        init(_ name: String, _ contentType: String, _ bytes: [UInt8]) {
            self.name = name
            self.contentType = contentType
            self.bytes = bytes
            let version = SHA256.hash(data: bytes).prefix(6).map { String(format: "%02x", $0) }.joined()
            address = "/assets/\(name)?v=\(version)"
        }
    }

    static let stylesheet = Asset("mailkeep.css", "text/css; charset=utf-8", PackageResources.mailkeep_css)
    static let script = Asset("mailkeep.js", "text/javascript; charset=utf-8", PackageResources.mailkeep_js)
    static let icon = Asset("icon.svg", "image/svg+xml", PackageResources.icon_svg)

    func add(to router: some RouterMethods<VisitContext>) {
        for asset in [Self.stylesheet, Self.script, Self.icon] {
            router.get("/assets/\(asset.name)") { _, _ in
                Response(
                    status: .ok,
                    headers: [
                        .contentType: asset.contentType, .cacheControl: "public, max-age=31536000, immutable",
                    ],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes))
                )
            }
        }
    }
}
