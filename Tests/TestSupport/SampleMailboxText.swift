/// Subjects and bodies as business mail has them.
enum SampleText {
    enum Language: Sendable {
        case japanese
        case english
    }

    static func subject(_ language: Language, _ random: inout SeededRandom) -> String {
        let number = random.below(9000) + 1000
        return switch language {
        case .japanese:
            random.pick([
                "お見積書の送付について（見積番号 \(number)）", "【ご確認】納期変更のお願い", "請求書 No.\(number) をお送りします",
                "次回お打ち合わせの日程について", "契約書のドラフトをお送りいたします", "①発注書 ②検収書の件", "Re: 製品サンプルの件",
                "【株式会社みどり】年末年始休業のお知らせ", "先日のお礼とご提案資料の送付", "ﾃｽﾄ環境の障害報告 第\(number % 10)報",
            ])
        case .english:
            random.pick([
                "Quote \(number) for your review", "Re: delivery date for order \(number)", "Invoice \(number)",
                "Minutes of our call", "Draft contract attached", "Following up on the pilot",
                "Your café visit – next steps", "FW: Change request \(number)", "Renewal of your subscription",
            ])
        }
    }

    /// Some paragraphs, each of one or more lines that end in CRLF.
    static func body(_ language: Language, _ random: inout SeededRandom) -> String {
        let count = random.chance(0.1) ? 20 + random.below(60) : 2 + random.below(7)
        let (opening, closing) =
            switch language {
            case .japanese:
                (
                    random.pick(["お世話になっております。", "いつもお世話になっております。みどり商事の田中です。", "ご連絡ありがとうございます。"]),
                    random.pick(["以上、よろしくお願いいたします。", "ご査収のほどよろしくお願い申し上げます。"])
                )
            case .english:
                (
                    random.pick(["Hello,", "Dear all,", "Thank you for your message."]),
                    random.pick(["Kind regards,", "Best,", "Many thanks in advance."])
                )
            }
        let lines = (0..<count).map { _ in sentence(language, &random) }
        return ([opening, ""] + lines + ["", closing, ""]).joined(separator: "\r\n")
    }

    static func attachmentName(_ language: Language, _ random: inout SeededRandom) -> String {
        let number = random.below(900) + 100
        return switch language {
        case .japanese:
            random.pick([
                "御見積書_\(number).pdf", "請求書 令和7年\(number % 12 + 1)月分.xlsx", "契約書（最終版）.docx", "議事録.txt",
                "株式会社みどり商事様向け製品カタログおよび価格表の改訂版その\(number).pdf",
            ])
        case .english: random.pick(["invoice-\(number).pdf", "price list.xlsx", "contract (final).docx", "scan.png"])
        }
    }

    private static func sentence(_ language: Language, _ random: inout SeededRandom) -> String {
        let (amount, day) = (random.below(980) + 20, random.below(27) + 1)
        return switch language {
        case .japanese:
            random.pick([
                "先日ご依頼いただきました件につきまして、下記のとおりご報告いたします。", "納期は\(day)日を予定しております。",
                "お見積金額は税抜\(amount),000円となります。", "添付の資料をご確認いただけますでしょうか。",
                "ご不明な点がございましたら、お気軽にお問い合わせください。", "来週\(day)日の午後2時はいかがでしょうか。",
                "在庫は残り\(amount)個です。", "担当者が変更になりましたのでご連絡いたします。", "型番はAB-\(amount)です。",
                "恐れ入りますが、\(day)日までにご返信をお願いいたします。",
            ])
        case .english:
            random.pick([
                "We can deliver \(amount) units by the \(day)th.", "The total comes to EUR \(amount),000 before tax.",
                "Could you please have a look at the attached draft?",
                "Our colleague in Osaka will take over from here.",
                "The test run on the \(day)th went well apart from one sensor.", "Let me know if Thursday suits you.",
                "As discussed, the warranty covers \(day) months.", "Part number AB-\(amount) is no longer made.",
                "Please find the signed copy enclosed; the original follows by post.",
            ])
        }
    }
}
