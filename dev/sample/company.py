"""さくら商事, which trades in wrappings and gifts: its people, its customers, and the records about them."""

import csv

NAME, ENGLISH_NAME = "さくら商事株式会社", "Sakura Trading Co., Ltd."
DOMAIN = "sakura.example"
GROUP = "sakura-group.example"  # Of another company of the group: an administrator's domain is another (B4).
ROLES = [("社長", ""), ("営業部長", "社長"), ("営業", "営業部長"), ("管理", "社長")]


class Person:
    """Somebody who writes mail: a user of さくら商事, or somebody at a customer's."""

    def __init__(self, name, address, language="ja", company="", title="", latin=None, phone="", colour=(90, 110, 150),
                 place=""):
        self.name, self.address, self.language, self.company, self.title = name, address, language, company, title
        self.latin, self.phone, self.colour, self.place = latin or name, phone, colour, place

    @property
    def family(self):
        """The name by which one is spoken to."""
        return self.name.split()[0]

    def written(self, language):
        """The name as it stands in mail of a language."""
        return self.latin if language == "en" else self.name


def user(login, name, latin, language, title, number, domain=DOMAIN):
    return Person(name, f"{login}@{domain}", language, NAME, title, latin, f"03-5550-01{number:02}",
                  (200, 80, 120), "東京都千代田区神田さくら町1-2-3")


TAKAHASHI = user("takahashi", "高橋 恵", "Megumi Takahashi", "ja", "管理部", 10)
MILLER = user("miller", "James Miller", None, "en", "管理部", 11)
OGAWA = user("ogawa", "小川 隆", "Takashi Ogawa", "ja", "代表取締役社長", 1, GROUP)
ITO = user("ito", "伊藤 美咲", "Misaki Ito", "ja", "営業部 部長", 20)
YAMADA = user("yamada", "山田 太郎", "Taro Yamada", "ja", "営業部", 21)
TANAKA = user("tanaka", "田中 花子", "Hanako Tanaka", "ja", "営業部", 22)
CARTER = user("carter", "Emily Carter", None, "en", "営業部", 23)
WATANABE = user("watanabe", "渡辺 直樹", "Naoki Watanabe", "ja", "営業部", 24)

# Person, role, profile. `mailkeep init` makes the first.
USERS = [
    (TAKAHASHI, "管理", "Administrator"), (MILLER, "管理", "Administrator"), (OGAWA, "社長", "Standard"),
    (ITO, "営業部長", "Standard"), (YAMADA, "営業", "Standard"), (TANAKA, "営業", "Standard"),
    (CARTER, "営業", "Standard"), (WATANABE, "営業", "Standard"),
]

# Id, name, domain, colour, what it does, place, phone, language, owner.
ACCOUNTS = [
    (301, "株式会社あおい産業", "aoi.example", (40, 90, 170), "販促品", "東京都台東区蔵前", "03-5550-2301", "ja", YAMADA),
    (302, "みなと物産㈱", "minato.example", (20, 120, 130), "卸売", "神奈川県横浜市中区", "045-555-2302", "ja", YAMADA),
    (303, "Harbour Foods Ltd", "harbour.example", (20, 70, 110), "Food", "Bristol, UK", "+44 117 496 0303", "en", CARTER),
    (304, "京菓子司 松風堂", "matsukaze.example", (140, 60, 70), "和菓子", "京都府京都市中京区", "075-555-2304", "ja", TANAKA),
    (305, "北海スイーツ株式会社", "hokkai-sweets.example", (70, 110, 180), "菓子製造", "北海道札幌市", "011-555-2305", "ja", TANAKA),
    (306, "株式会社みどり百貨店", "midori-dept.example", (50, 130, 70), "百貨店", "愛知県名古屋市中村区", "052-555-2306", "ja", ITO),
    (307, "Northwind Gifts Inc.", "northwind-gifts.example", (90, 60, 140), "Gifts", "Portland, OR, USA", "+1 503 555 0107", "en", CARTER),
    (308, "有限会社花屋敷", "hanayashiki.example", (200, 100, 130), "生花・園芸", "千葉県船橋市", "047-555-2308", "ja", TANAKA),
    (309, "東都印刷株式会社", "toto-print.example", (80, 80, 90), "印刷 (仕入先)", "埼玉県川口市", "048-555-2309", "ja", TAKAHASHI),
    (310, "ホテル瀬戸内", "hotel-setouchi.example", (150, 120, 50), "宿泊", "広島県尾道市", "0848-55-2310", "ja", ITO),
    (311, "茶舗 やまね園", "yamane-tea.example", (70, 120, 60), "茶", "静岡県静岡市葵区", "054-555-2311", "ja", YAMADA),
    (312, "Maison Lavande", "maison-lavande.example", (120, 90, 170), "Cosmetics", "Lyon, France", "+33 4 65 71 03 12", "en", TANAKA),
]

# Id, name, name in Latin letters, login, account, title, owner, shared with, secondary login, remark.
CONTACTS = [
    (101, "佐藤 健", "Ken Sato", "sato", 301, "購買部 課長", YAMADA, [TANAKA], "k.sato", "決裁者。電話は午前中に。"),
    (102, "中村 由美", "Yumi Nakamura", "nakamura", 301, "購買部", YAMADA, [TANAKA], None, ""),
    (103, "小林 誠", "Makoto Kobayashi", "kobayashi", 302, "営業企画室 室長", YAMADA, [], None, "年2回の展示会の担当"),
    (104, "Emma Clarke", None, "emma.clarke", 303, "Head of Purchasing", CARTER, [TANAKA], None, "Prefers e-mail."),
    (105, "Lucas Martin", None, "lucas", 303, "Quality", CARTER, [], None, ""),
    (106, "松本 千尋", "Chihiro Matsumoto", "matsumoto", 304, "女将", TANAKA, [YAMADA], None, "春と秋に限定品"),
    (107, "井上 亮", "Ryo Inoue", "inoue", 304, "製造部", TANAKA, [], None, ""),
    (108, "木村 真由美", "Mayumi Kimura", "kimura", 306, "催事担当", ITO, [YAMADA], "saiji", "催事は3か月前に確定"),
    (109, "林 大輔", "Daisuke Hayashi", "hayashi", 306, "仕入部 部長", ITO, [], None, ""),
    (110, "Olivia Bennett", None, "olivia", 307, "Buyer", CARTER, [], "o.bennett", "Orders in March and September"),
    (111, "Noah Fischer", None, "noah", 307, "Logistics", CARTER, [], None, ""),
    (112, "清水 さくら", "Sakura Shimizu", "shimizu", 308, "店長", TANAKA, [], None, "母の日・父の日・お彼岸"),
    (113, "森 拓也", "Takuya Mori", "mori", 309, "営業", TAKAHASHI, [YAMADA, TANAKA], None, "校正は2営業日"),
    (114, "石川 悠", "Yu Ishikawa", "ishikawa", 305, "商品開発部 主任", TANAKA, [YAMADA], None, "前任は渡辺"),
    (115, "前田 遥", "Haruka Maeda", "maeda", 305, "購買部", TANAKA, [], None, "前任は渡辺"),
    (116, "岡田 浩二", "Koji Okada", "okada", 310, "総支配人", ITO, [], None, "前任は渡辺"),
    (117, "藤田 葵", "Aoi Fujita", "fujita", 310, "売店担当", TANAKA, [], None, "前任は渡辺"),
    (118, "山根 茂", "Shigeru Yamane", "yamane", 311, "代表", YAMADA, [], None, "新茶の時期は多忙"),
    (119, "山根 結衣", "Yui Yamane", "yui", 311, "通販担当", YAMADA, [TANAKA], None, ""),
    (120, "Camille Laurent", None, "camille", 312, "Directrice des achats", TANAKA, [CARTER], None, "English is fine."),
    (121, "Hugo Bernard", None, "hugo", 312, "Packaging", TANAKA, [], None, ""),
    (122, "長谷川 剛", "Tsuyoshi Hasegawa", "hasegawa", 302, "物流センター", YAMADA, [], None, "納品時間は9～11時"),
    (123, "近藤 美穂", "Miho Kondo", "kondo", 306, "外商部", ITO, [TANAKA], None, "お得意様ギフト"),
    (124, "坂本 龍一郎", "Ryuichiro Sakamoto", "sakamoto", 301, "代表取締役", OGAWA, [ITO], None, "年始のご挨拶は社長が伺う"),
    (125, "遠藤 優子", "Yuko Endo", "endo", 304, "経理", TANAKA, [], None, "締めは20日"),
    (126, "Grace O'Neill", None, "grace.oneill", 303, "Accounts payable", CARTER, [], None, ""),
]

# Id, name, name in Latin letters, address, company, owner, shared with, where from.
LEADS = [
    (201, "青木 智也", "Tomoya Aoki", "aoki@cafe-komorebi.example", "カフェこもれび", YAMADA, [], "展示会"),
    (202, "西村 彩", "Aya Nishimura", "nishimura@studio-aya.example", "スタジオ彩", TANAKA, [], "Web"),
    (203, "Sofia Rossi", None, "sofia@rossi-ceramica.example", "Rossi Ceramica", CARTER, [], "Trade fair"),
    (204, "福田 信二", "Shinji Fukuda", "fukuda@kaki-sake.example", "柿酒造", YAMADA, [ITO], "紹介"),
    (205, "太田 めぐみ", "Megumi Ota", "ota@ehon-no-mori.example", "絵本の森", TANAKA, [], "Web"),
    (206, "三浦 圭", "Kei Miura", "miura@run-club.example", "ランクラブ湘南", YAMADA, [], "Web"),
    (207, "Liam Murphy", None, "liam@dublin-tea.example", "Dublin Tea House", CARTER, [], "Web"),
    (208, "上田 恭子", "Kyoko Ueda", "ueda@onsen-yu.example", "湯の宿うえだ", ITO, [TANAKA], "展示会"),
    (209, "原 健太郎", "Kentaro Hara", "hara@bento-hara.example", "はら弁当", TANAKA, [], "紹介"),
    (210, "酒井 涼", "Ryo Sakai", "sakai@book-sakai.example", "酒井書店", YAMADA, [], "電話"),
    (211, "Mia Andersson", None, "mia@nordiska-hem.example", "Nordiska Hem AB", CARTER, [], "Trade fair"),
    (212, "内田 直美", "Naomi Uchida", "uchida@nekocafe.example", "猫カフェうちだ", ITO, [], "Web"),
]

# Id, name, account, contact, owner, stage, amount in yen.
DEALS = [
    (401, "トートバッグ 5,000個 (創業60周年)", 301, 101, YAMADA, "受注見込み", 4200000),
    (402, "秋の展示会 ノベルティ", 302, 103, YAMADA, "完了 (受注)", 880000),
    (403, "Christmas gift boxes 2026", 303, 104, CARTER, "交渉中", 1950000),
    (404, "春の限定 風呂敷包み", 304, 106, TANAKA, "提案", 640000),
    (405, "お歳暮ギフトボックス", 306, 108, ITO, "受注見込み", 7300000),
    (406, "Washi paper range", 307, 110, CARTER, "完了 (受注)", 1120000),
    (407, "札幌本店 リニューアル紙袋", 305, 114, TANAKA, "交渉中", 2700000),
    (408, "新茶 パッケージ", 311, 118, YAMADA, "完了 (受注)", 990000),
    (409, "Lavender pouch", 312, 120, TANAKA, "提案", 1400000),
    (410, "客室アメニティ包装", 310, 116, ITO, "失注", 560000),
]

ACCOUNT_BY_ID = {row[0]: row for row in ACCOUNTS}


def contact_person(row):
    """Whom a row of CONTACTS is about."""
    _, name, latin, login, account, title, *_ = row
    _, company, domain, colour, _, place, phone, language, _ = ACCOUNT_BY_ID[account]
    return Person(name, f"{login}@{domain}", language, company, title, latin, phone, colour, place)


def lead_person(row):
    """Whom a row of LEADS is about."""
    _, name, latin, address, company, *_ = row
    return Person(name, address, "ja" if latin else "en", company, "", latin)


PEOPLE = {row[0]: contact_person(row) for row in CONTACTS} | {row[0]: lead_person(row) for row in LEADS}


def write_tables(directory):
    """Writes the company as CSV files."""
    def login(address):
        # Users sign in with addresses of the company itself, whatever their mailbox's.
        return f"{address.split('@')[0]}@{DOMAIN}"

    def shared(people):
        return ";".join(login(person.address) for person in people)

    tables = {
        "roles": (["Name", "Reports To"], ROLES),
        "users": (["Email", "Name", "Role", "Profile", "Status"],
                  [(login(person.address), person.name, role, profile, "active") for person, role, profile in USERS]),
        "Accounts": (["Id", "Owner", "Name", "業種", "所在地", "電話"],
                     [(id, login(owner.address), name, line, place, phone)
                      for id, name, _, _, line, place, phone, _, owner in ACCOUNTS]),
        "Contacts": (["Id", "Owner", "Name", "Email", "Secondary Email", "Account", "Shared With", "役職", "電話", "備考"],
                     [(id, login(owner.address), name, PEOPLE[id].address,
                       f"{second}@{PEOPLE[id].address.split('@')[1]}" if second else "", account, shared(others), title,
                       PEOPLE[id].phone, remark)
                      for id, name, _, _, account, title, owner, others, second, remark in CONTACTS]),
        "Leads": (["Id", "Owner", "Name", "Email", "Shared With", "会社", "きっかけ"],
                  [(id, login(owner.address), name, address, shared(others), company, source)
                   for id, name, _, address, company, owner, others, source in LEADS]),
        "Deals": (["Id", "Owner", "Name", "Account", "Contact", "ステージ", "金額"],
                  [(id, login(owner.address), name, account, contact, stage, amount)
                   for id, name, account, contact, owner, stage, amount in DEALS]),
    }
    for name, (header, rows) in tables.items():
        with open(directory / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
