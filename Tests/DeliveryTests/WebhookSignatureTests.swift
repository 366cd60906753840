import Foundation
import Testing

@testable import Delivery

@Suite("The signature of webhooks")
struct WebhookSignatureTests {
    @Test("A document is signed as the specification's reference implementation signs it")
    func reference() throws {
        let key = try #require(Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let headers = WebhookSignature(key: key).headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            seconds: 1_614_265_330,
            body: Data("{\"test\": 2432232314}".utf8)
        )
        let values = Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
        #expect(values["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(values["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek")
        #expect(values["webhook-timestamp"] == "1614265330")
    }

    @Test("A new secret holds 32 bytes of its own")
    func secret() throws {
        let secrets = (0..<2).map { _ in WebhookSignature.secret(of: WebhookSignature.makeKey()) }
        #expect(secrets[0] != secrets[1])
        #expect(secrets[0].hasPrefix("whsec_"))
        #expect(try #require(Data(base64Encoded: String(secrets[0].dropFirst(6)))).count == 32)
    }
}
