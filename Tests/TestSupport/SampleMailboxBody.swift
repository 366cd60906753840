import Foundation

/// The body of a message with the header lines that describe it.
struct SampleBody {
    private struct Part {
        var headers: [String]
        var body: [UInt8]

        var bytes: [UInt8] { Array((headers + ["", ""]).joined(separator: "\r\n").utf8) + body }
    }

    let text: String
    let language: SampleText.Language
    let charset: SampleCharset

    /// The rest of a message: the last header lines, the empty line, the body.
    func bytes(isNewsletter: Bool, _ random: inout SeededRandom) -> [UInt8] {
        if !isNewsletter, random.chance(0.05) {
            // As mail was before MIME.
            return Array("\r\n".utf8) + Array(text.utf8)
        }
        var part =
            isNewsletter || random.chance(0.35) ? alternative(isNewsletter: isNewsletter, &random) : plain(&random)
        if !isNewsletter, random.chance(0.25) {
            let attachments = (0...random.below(3)).map { _ in attachment(&random) }
            part = multipart("mixed", [part] + attachments, &random)
        }
        part.headers.insert("MIME-Version: 1.0", at: 0)
        return part.bytes
    }

    private func plain(_ random: inout SeededRandom) -> Part {
        textPart("plain", text, &random)
    }

    private func textPart(_ subtype: String, _ text: String, _ random: inout SeededRandom) -> Part {
        let encoded = charset.encode(text)
        let charset = encoded == nil ? .utf8 : charset
        let bytes = encoded ?? Array(text.utf8)
        let transfer: SampleTransfer =
            if bytes.allSatisfy({ $0 < 0x80 }) {
                random.pick([.sevenBit, .sevenBit, .sevenBit, .base64])
            } else {
                random.pick([.eightBit, .quotedPrintable, .base64])
            }
        let label = random.chance(0.2) ? charset.rawValue.lowercased() : "\"\(charset.rawValue)\""
        return Part(
            headers: [
                "Content-Type: text/\(subtype); charset=\(label)", "Content-Transfer-Encoding: \(transfer.rawValue)",
            ],
            body: transfer.encode(bytes)
        )
    }

    private func alternative(isNewsletter: Bool, _ random: inout SeededRandom) -> Part {
        let cid = "\(random.token(10))@img.example"
        let hasImage = random.chance(0.4)
        let paragraphs = text.split(separator: "\r\n").map { "<p>\($0)</p>" }.joined(separator: "\r\n")
        let image = hasImage ? "<img src=\"cid:\(cid)\" alt=\"logo\">\r\n" : ""
        let tracker =
            isNewsletter
            ? "<a href=\"https://letters.example/\">more</a><img src=\"https://letters.example/t.gif\">\r\n" : ""
        let html = textPart("html", "<html><body>\r\n\(image)\(paragraphs)\r\n\(tracker)</body></html>\r\n", &random)
        var rich = html
        if hasImage {
            let pixels = Part(
                headers: [
                    "Content-Type: image/png; name=\"logo.png\"", "Content-Transfer-Encoding: base64",
                    "Content-ID: <\(cid)>", "Content-Disposition: inline; filename=\"logo.png\"",
                ],
                body: SampleTransfer.base64.encode([0x89] + Array("PNG\r\n\u{1A}\n".utf8) + random.bytes(400))
            )
            rich = multipart("related", [html, pixels], &random)
        }
        return multipart("alternative", [plain(&random), rich], &random)
    }

    private func attachment(_ random: inout SeededRandom) -> Part {
        let name = SampleText.attachmentName(language, &random)
        let size = random.chance(0.05) ? 100_000 + random.below(300_000) : 200 + random.below(12_000)
        let filename =
            switch random.below(3) {
            case 0: SampleHeader.extendedParameter("filename", name)
            // Against RFC 2047, but what many programs send.
            default: "filename=\"\(SampleHeader.words(name, charset: charset))\""
            }
        return Part(
            headers: [
                "Content-Type: application/octet-stream;\r\n name=\"\(SampleHeader.words(name, charset: charset))\"",
                "Content-Transfer-Encoding: base64", "Content-Disposition: attachment;\r\n \(filename)",
            ],
            body: SampleTransfer.base64.encode(random.bytes(size))
        )
    }

    private func multipart(_ subtype: String, _ parts: [Part], _ random: inout SeededRandom) -> Part {
        let boundary = "=_\(random.token(24))"
        let body = parts.flatMap { part in
            let bytes = part.bytes
            let end = bytes.suffix(2).elementsEqual([0x0D, 0x0A]) ? "" : "\r\n"
            return Array("--\(boundary)\r\n".utf8) + bytes + Array(end.utf8)
        }
        return Part(
            headers: ["Content-Type: multipart/\(subtype);\r\n boundary=\"\(boundary)\""],
            body: body + Array("--\(boundary)--\r\n".utf8)
        )
    }
}
