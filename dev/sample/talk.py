"""What people write about: conversations by language, as (subject, [(who, lines, attachment), ...]).

`who` is the customer (c) or the user (u). {p} is a product, {n} and {m} numbers of pieces, {u} a price, {t} the total,
{d} and {e} days to come, {no} a document's number.
"""

PRODUCTS = {
    "ja": [("トートバッグ (生成り)", 480, "bag"), ("風呂敷 90cm 青海波", 1250, "box"), ("和紙ギフトボックス M", 320, "box"),
           ("手提げ紙袋 A4", 95, "bag"), ("ラッピングペーパー 桜", 60, "box"), ("豆絞り手ぬぐい", 410, "box"),
           ("ステンレスボトル 名入れ", 1680, "cup"), ("湯のみ 化粧箱入り", 890, "cup"), ("巾着ポーチ S", 210, "bag"),
           ("のし紙 セット", 45, "box"), ("保冷バッグ", 560, "bag"), ("緑茶ティーバッグ用 平袋", 18, "bag")],
    "en": [("canvas tote bag", 480, "bag"), ("furoshiki wrapping cloth", 1250, "box"), ("washi gift box, medium", 320, "box"),
           ("paper carrier bag A4", 95, "bag"), ("sakura wrapping paper", 60, "box"), ("steel bottle with logo", 1680, "cup"),
           ("tea cup in a box", 890, "cup"), ("linen pouch", 210, "bag")],
}

CUSTOMER_TALK = {
    "ja": [
        ("{p} お見積りのお願い", [
            ("c", ["{p} の購入を検討しております。", "下記の条件でお見積りをお願いできますでしょうか。", "", "　・数量: {n}個 (追加の可能性あり)",
                   "　・希望納期: {d}", "　・名入れ: 1色", "", "社内の稟議の都合上、今週中にいただけますと助かります。"], None),
            ("u", ["ご用命ありがとうございます。", "お見積書をお送りいたします。有効期限は1か月です。", "数量が{m}個以上の場合は、単価をさらに5%お引きできます。",
                   "ご不明な点がございましたら、お気軽にお問い合わせください。"], "quote"),
            ("c", ["お見積書を拝受いたしました。早速のご対応ありがとうございます。", "単価 {u}円で社内の承認が下りました。①数量は{n}個、②納品は本社倉庫でお願いいたします。",
                   "正式な注文書は追ってお送りします。"], None),
            ("u", ["ご発注のご連絡をいただき、誠にありがとうございます。", "{n}個で手配を開始いたします。納期は{e}の予定です。",
                   "校正用の画像を添付いたしますので、ご確認をお願いいたします。"], "photo"),
            ("c", ["校正を確認しました。ロゴの位置を5mmほど下げていただけますか。", "それ以外は問題ございません。"], None),
            ("u", ["承知いたしました。修正のうえ、そのまま生産に入ります。", "出荷の際にあらためてご連絡いたします。"], None),
        ]),
        ("【ご発注】{p} {n}個", [
            ("c", ["標記の件、添付のとおり発注いたします。", "納品先は前回と同じです。納期をご回答ください。"], "order"),
            ("u", ["ご注文を承りました。ありがとうございます。", "在庫を確認したところ、{d}に出荷、{e}の午前中着でお届けできます。"], None),
            ("c", ["ありがとうございます。その日程でお願いいたします。"], None),
        ]),
        ("請求書送付のご案内 (No.{no})", [
            ("u", ["平素より格別のお引き立てを賜り、厚く御礼申し上げます。", "{p} の請求書 (No.{no}) をお送りいたします。", "お支払期限は{e}です。ご査収のほど、よろしくお願いいたします。"],
             "invoice"),
            ("c", ["請求書を受領いたしました。", "月末締めの翌月末払いで処理いたします。"], None),
        ]),
        ("納期のご相談", [
            ("c", ["先日お願いした{p}ですが、イベントが前倒しになりました。", "{d}までに{m}個だけでも先に納品していただくことは可能でしょうか。"], None),
            ("u", ["工場に確認いたしました。", "{m}個は{d}に、残りは{e}に分納とさせていただければ対応できます。", "分納の送料は弊社で負担いたします。"], None),
            ("c", ["大変助かります！ぜひその形でお願いいたします。"], None),
            ("u", ["かしこまりました。送り状番号は出荷後にお知らせいたします。"], None),
        ]),
        ("お打ち合わせの日程について", [
            ("u", ["次回のお打ち合わせですが、下記のいずれかでご都合はいかがでしょうか。", "", "　① {d} 10:00～", "　② {d} 14:00～", "　③ {e} 13:30～", "",
                   "新しい{p}のサンプルをお持ちいたします。"], None),
            ("c", ["③でお願いいたします。", "当日は担当の者がもう1名同席いたします。会議室は3階の「欅」です。"], None),
            ("u", ["ありがとうございます。予定をお送りいたします。当日はどうぞよろしくお願いいたします。"], "meeting"),
        ]),
        ("サンプル到着のお知らせと感想", [
            ("c", ["{p}のサンプルが届きました。ありがとうございます。", "手触りがとてもよく、社内でも好評です😊", "色味を少し落ち着かせたものもあれば拝見したいです。"], "photo"),
            ("u", ["ご感想をありがとうございます。企画担当にも伝えました。", "色違いを3種類、明日お送りいたします。"], None),
        ]),
        ("【重要】{p} 不良品について", [
            ("c", ["本日納品された{p}のうち、12個に印刷のかすれがありました。", "写真を添付しますので、ご確認のうえ至急ご連絡ください。"], "photo"),
            ("u", ["このたびはご迷惑をおかけし、誠に申し訳ございません。", "代替品を本日中に発送いたします。不良品は着払いでご返送ください。", "原因は調査のうえ、{d}までに書面でご報告いたします。"], None),
            ("c", ["迅速なご対応ありがとうございます。報告書をお待ちしています。"], None),
            ("u", ["調査報告書をお送りいたします。", "版の洗浄不足が原因でした。以後、500個ごとに抜き取り検査を行います。", "重ねてお詫び申し上げます。"], "report"),
            ("c", ["内容を確認しました。今後ともよろしくお願いいたします。"], None),
        ]),
        ("来期のお取引条件について", [
            ("u", ["来期のお取引条件について、ご相談がございます。", "紙の価格が上がっており、{p}の単価を{u}円に改定させていただきたく存じます。", "直近の原材料価格の推移を添付いたします。"], "chart"),
            ("c", ["事情は理解しております。", "年間{m}個をお約束する代わりに、据え置きとしていただくことはできませんか。"], None),
            ("u", ["社内で検討いたしました。年間{m}個のお約束で、上期は現行の単価を維持いたします。", "契約書の案をお送りいたしますので、ご確認ください。"], "contract"),
            ("c", ["法務に確認いたします。少しお時間をください。"], None),
            ("c", ["法務の確認が終わりました。第4条の表現を一部修正したものをお送りします。"], "contract"),
            ("u", ["修正内容を確認し、異存ございません。製本のうえ郵送いたします。"], None),
        ]),
        ("在庫のお問い合わせ", [
            ("c", ["{p}は、現在どのくらい在庫がございますか。", "急ぎで{n}個ほど必要になりました。"], None),
            ("u", ["本日時点の在庫表をお送りいたします。", "{n}個でしたら、当日14時までのご注文で翌日にお届けできます。"], "stock"),
        ]),
        ("年末年始の営業日のお知らせ", [
            ("u", ["年末年始の休業期間をお知らせいたします。", "12月29日(火)～1月4日(月)は休業とさせていただきます。", "年内の出荷は、12月22日(火)ご注文分までとなります。"], None),
            ("c", ["ご連絡ありがとうございます。弊社も同じ期間が休みです。", "本年も大変お世話になりました。"], None),
        ]),
        ("展示会ご来場のお礼", [
            ("u", ["先日は弊社のブースにお立ち寄りいただき、誠にありがとうございました。", "ご覧いただいた{p}の資料をお送りいたします。", "よろしければ、一度お打ち合わせのお時間をいただけますでしょうか。"], "report"),
            ("c", ["ご丁寧にありがとうございます。", "とても興味がありますので、{d}以降でお願いできればと思います。"], None),
        ]),
        ("新商品のご案内: {p}", [
            ("u", ["新商品「{p}」の取り扱いを開始いたしました。", "国産の材料だけを使い、{n}個から名入れができます。", "ご希望の方にはサンプルを無料でお送りいたします。"], "photo"),
            ("c", ["サンプルを2つお願いできますか。来週の企画会議で紹介したいと思います。"], None),
            ("u", ["承知いたしました。本日発送いたしましたので、明日のお届けとなります。"], None),
        ]),
        ("検収完了のご連絡", [
            ("c", ["{p} {n}個の検収が完了しました。数量、品質ともに問題ございません。"], None),
        ]),
        ("お電話の件", [
            ("c", ["先ほどはお電話で失礼いたしました。", "お話しした{p}の包装ですが、のしは「内祝」でお願いします。", "名入れのリストを添付します。個人情報のため、取り扱いにご注意ください。"], "list"),
            ("u", ["リストを受領いたしました。作業が終わりましたら削除いたします。"], None),
        ]),
        ("ご請求金額の確認", [
            ("c", ["先月分のご請求について確認させてください。", "No.{no} の金額が見積書と{u}円異なるようです。"], None),
            ("u", ["ご指摘ありがとうございます。送料が二重に計上されておりました。", "訂正した請求書をお送りいたします。大変失礼いたしました。"], "invoice"),
            ("c", ["確認しました。訂正後の金額で処理します。"], None),
        ]),
        ("配送先の変更", [
            ("c", ["次回の{p}から、配送先を物流センターに変更してください。", "受付は平日9～11時、パレット納品でお願いします。"], None),
            ("u", ["配送先を変更いたしました。{d}の出荷分から適用いたします。"], None),
        ]),
    ],
    "en": [
        ("Quotation request: {p}", [
            ("c", ["We are planning our next season and would like a quotation for {n} pieces of the {p}.",
                   "Could you include one-colour printing, and tell us how long delivery by sea would take?"], None),
            ("u", ["Thank you for your enquiry. Please find our quotation attached.",
                   "For {m} pieces and more we can offer another 5% off. The offer is valid for 30 days."], "quote"),
            ("c", ["That looks good. The price of {u} yen works for us.", "Please reserve the capacity; our order follows this week."], None),
            ("u", ["The capacity is reserved. I attach a proof of the print for your approval.", "Shipping is planned for {d}."], "photo"),
            ("c", ["Approved, thank you! The colours look great 👍"], None),
        ]),
        ("Purchase order {no}", [
            ("c", ["Please find attached our purchase order {no} for {n} pieces of the {p}.", "Kindly confirm the delivery date."], "order"),
            ("u", ["Thank you for your order, which I confirm.", "It ships on {d} and should reach you by {e}."], None),
        ]),
        ("Invoice {no}", [
            ("u", ["Please find attached our invoice {no} for the {p}.", "Payment is due on {e}. Thank you for your business."], "invoice"),
            ("c", ["Received and passed on to accounts payable."], None),
        ]),
        ("Delayed container", [
            ("c", ["The carrier tells us that the container with the {p} is a week late.", "Our shop opening is on {d}. Is there anything you can do?"], None),
            ("u", ["I am sorry to hear that. We could send {m} pieces by air at our expense so that you can open as planned."], None),
            ("c", ["That would save us. Yes please!"], None),
            ("u", ["They left Narita this morning. The airway bill is attached."], "report"),
        ]),
        ("Minutes of our call", [
            ("u", ["Thank you for your time today. These are my notes:", "", "- {p}: {n} pieces, in two lots", "- First lot ready by {d}, second by {e}",
                   "- New labels in English and French", "", "Please correct me where I got something wrong."], None),
            ("c", ["All correct. I would only add that we need the certificate for food contact."], None),
            ("u", ["Of course. Here it is."], "report"),
        ]),
        ("Damaged boxes in the last delivery", [
            ("c", ["Nine boxes of the {p} arrived crushed, see the pictures.", "Could you replace them before the weekend?"], "photo"),
            ("u", ["I apologise for this. Replacements leave today, and we have changed to stronger cartons."], None),
            ("c", ["Thanks for the quick reaction."], None),
        ]),
        ("Price list for next year", [
            ("u", ["Attached is our price list for next year. Paper has become dearer, as the chart shows; we kept the rise below 4%."], "chart"),
            ("c", ["Understood. Could we keep the old price if we commit to {m} pieces?"], None),
            ("u", ["Yes, for orders placed before {d}."], None),
        ]),
        ("Visit to Tokyo", [
            ("c", ["I will be in Tokyo in the week of {d}. Would you have time to show us the new samples?"], None),
            ("u", ["With pleasure. I suggest 10:00 on {d} at our office; I attach an invitation for your calendar."], "meeting"),
            ("c", ["Perfect, see you then."], None),
        ]),
        ("Samples received", [
            ("c", ["The samples of the {p} have arrived, and everybody here loves them.", "Could we see the same in dark blue?"], "photo"),
            ("u", ["I am glad to hear it. Dark blue is on its way; you should have it in five days."], None),
        ]),
        ("Stock list", [
            ("c", ["Could you send us your present stock of the {p} and similar items?"], None),
            ("u", ["Here is the list as of today."], "stock"),
        ]),
    ],
}

INTERNAL_TALK = [
    ("営業会議の議題", ["明日の営業会議の議題をお送りします。", "各自、案件の見込みを更新しておいてください。"]),
    ("経費精算の締め切りについて", ["今月の経費精算は25日までにお願いします。", "領収書は原本を管理部に提出してください。"]),
    ("来客対応のお願い", ["明日14時にお客様がお見えになります。", "会議室Aとお茶の準備をお願いします。"]),
    ("有給休暇の申請", ["来週の金曜日に有給休暇をいただきたく、申請いたします。", "急ぎの案件は田中さんに引き継いであります。"]),
    ("【社内】システムメンテナンスのお知らせ", ["土曜日の22時から、社内システムを停止します。", "作業中はメールの送受信ができません。"]),
    ("今月の数字", ["今月の売上の速報です。目標まであと少しです💪", "詳しくは会議で共有します。"]),
    ("ランチ行きませんか", ["駅前に新しい蕎麦屋ができたそうです🍜", "今日のお昼、どうですか？"]),
    ("倉庫の在庫について", ["倉庫の棚卸しで、紙袋が200枚足りません。", "心当たりのある方はお知らせください。"]),
    ("Re: 見積りの値引きについて", ["5%までなら部長決裁で構いません。", "それ以上は理由を添えて相談してください。"]),
]

# Sender's name, address, subjects, lines.
NEWSLETTERS = [
    ("週刊ものづくり通信", "news@monozukuri-weekly.example", ["今週の注目: 紙の新素材", "特集 包装の最前線", "読者プレゼントのお知らせ"],
     ["紙の新素材を開発するメーカー5社を取材しました。", "続きはWebサイトでご覧ください。"]),
    ("ギフトショー事務局", "info@giftshow.example", ["出展社募集のご案内", "早期申込割引は今月末まで", "来場登録を開始しました"],
     ["次回の会期は2月です。", "早期のお申し込みで出展料を10%割引いたします。"]),
    ("Packaging Daily", "daily@packaging-daily.example", ["Five trends in paper packaging", "What retailers want", "Your daily digest"],
     ["Lighter, stronger, plainer: what buyers ask for this year.", "Read on at our site."]),
    ("ことり航空マイレージ", "mile@kotori-air.example", ["今月のマイル残高のお知らせ", "冬の国内線セール ✈", "会員限定キャンペーン"],
     ["今月末で失効するマイルはありません。", "国内線が片道7,800円から。"]),
]

# Of people who are no customers, to one user: name, address, subject, lines.
PRIVATE = [
    ("京子", "kyoko@family.example", "今夜のごはん", ["今日は遅くなりそう？", "帰りに牛乳と卵をお願いします🥚"]),
    ("同窓会幹事", "reunion@alumni.example", "同窓会のお知らせ", ["11年ぶりの同窓会を開きます。", "出欠を今月中にお知らせください。"]),
    ("さくら不動産", "office@sakura-fudosan.example", "内見のご予約について", ["ご希望の日時で予約を承りました。", "当日は現地でお待ちしております。"]),
    ("Cloud Billing", "billing@cloud-host.example", "Your receipt", ["Thank you for your payment of 1,100 yen."]),
    ("みなみ歯科", "yoyaku@minami-dental.example", "定期検診のご案内", ["前回の検診から6か月が経ちました。", "ご都合のよい日をご予約ください。"]),
]

SPAM = [
    ("Prize Office", "winner@lottery-prize.example", "You have won!!!", ["Claim your prize today."]),
    ("アカウント管理", "alert@secure-kakunin.example", "【緊急】アカウントが停止されます", ["24時間以内に下記より確認してください。"]),
    ("SEO専門", "sales@seo-top.example", "検索順位を1位にします", ["初月無料でお試しいただけます。"]),
]

OPENINGS = {
    "ja": ["いつも大変お世話になっております。", "お世話になっております。", "いつもお世話になり、ありがとうございます。"],
    "en": ["I hope this finds you well.", "", "Thank you for your message.", ""],
}
CLOSINGS = {
    "ja": ["何卒よろしくお願い申し上げます。", "どうぞよろしくお願いいたします。", "引き続きよろしくお願いいたします。"],
    "en": ["Kind regards,", "Best wishes,", "With best regards,"],
}

# One customer's own story, with the user who is about to leave; attachments as above.
STORY = [
    ("c", "創業60周年記念品のご相談", ["来年2月に創業60周年を迎えるにあたり、記念品を検討しております。", "トートバッグに社章を入れたものを5,000個ほど考えています。",
                            "ご提案をいただけますでしょうか。"], None, "jis"),
    ("u", "Re: 創業60周年記念品のご相談", ["60周年、誠におめでとうございます🎉", "3案をまとめましたので、お送りいたします。B案は再生コットンを使ったものです。"], "proposal", None),
    ("c", "Re: Re: 創業60周年記念品のご相談", ["①A案、②B案の2つで社内の意見を集めます。", "㈱あおい産業の社章データは、添付の画像をお使いください。"], "mark", "cp932"),
    ("u", "Re: Re: 創業60周年記念品のご相談", ["社章のデータをありがとうございます。", "B案に配置したイメージです。色は2色で作っております。"], "photo", None),
    ("c", "Re: Re: 創業60周年記念品のご相談", ["役員会でB案に決まりました！", "正式なお見積りをお願いいたします。数量は5,000個、納期は1月末です。"], None, None),
    ("u", "お見積書 (60周年記念トートバッグ)", ["お見積書をお送りいたします。", "単価は840円 (税別)、版代はサービスとさせていただきました。"], "quote", None),
    ("c", "Re: お見積書 (60周年記念トートバッグ)", ["ありがとうございます。予算内に収まりました。", "社内の稟議に1週間ほどかかる見込みです。"], None, "jis"),
    ("u", "Re: お見積書 (60周年記念トートバッグ)", ["承知いたしました。", "年末は工場が混み合いますので、11月末までにご発注いただければ確実です。"], None, None),
    ("c", "稟議が通りました", ["先ほど稟議が通りました。", "注文書は来週、代表の坂本の押印後にお送りします。"], None, None),
    ("u", "担当変更のごあいさつ", ["私事で恐縮ですが、11月末で退職することになりました。", "後任は田中花子が務めます。田中にもこのメールをお送りしております。",
                         "60周年の件は、これまでの経緯をすべて引き継ぎます。"], None, None),
    ("c", "Re: 担当変更のごあいさつ", ["ご退職とのこと、大変お世話になりました。", "田中様、どうぞよろしくお願いいたします。注文書は田中様あてにお送りします。"], None, None),
    ("u", "Re: 担当変更のごあいさつ", ["温かいお言葉をありがとうございます。", "単価840円、1月末納品、版代サービスのお約束は、このメールをもって田中に引き継ぎます。"], None, None),
]
