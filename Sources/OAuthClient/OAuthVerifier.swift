import Crypto
import Foundation

/// Proves that who redeems a code is who asked for it (PKCE, RFC 7636).
package struct OAuthVerifier: Sendable, Equatable {
    /// 43 characters, which only the token endpoint is told (RFC 7636, 4.1).
    package let text: String

    /// A random one.
    package init() {
        text = Self.base64URL(SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) })
    }

    /// One that was kept.
    package init(text: String) {
        self.text = text
    }

    /// What everybody may see of it: its SHA-256 (`S256`; RFC 7636, 4.2).
    package var challenge: String { Self.base64URL(Data(SHA256.hash(data: Data(text.utf8)))) }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

extension OAuthVerifier: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "OAuthVerifier(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
