/// Character references of HTML: all numbers, and the names of HTML 4.
enum HTMLReferences {
    /// The text of a reference, given what stands between `&` and `;`; nil when it is none.
    static func text(of name: some BidirectionalCollection<UInt8>) -> String? {
        guard let first = name.first else { return nil }
        guard first == UInt8(ascii: "#") else { return named[name.utf8Text] }
        let digits = name.dropFirst()
        let isHexadecimal = digits.first?.lowercased == UInt8(ascii: "x")
        let text = (isHexadecimal ? digits.dropFirst() : digits).utf8Text
        guard !text.isEmpty, let number = UInt32(text, radix: isHexadecimal ? 16 : 10) else { return nil }
        // As browsers do, numbers of the C1 controls mean Windows-1252.
        if (0x80...0x9F).contains(number) {
            return CharsetConverter.read([UInt8(truncatingIfNeeded: number)], as: Charset.latin.converter)?.text
        }
        guard number > 0, let scalar = Unicode.Scalar(number) else { return "\u{FFFD}" }
        return String(scalar)
    }

    /// A text with its references replaced.
    static func replaced(in bytes: some BidirectionalCollection<UInt8>) -> String {
        var result = ""
        var pieces = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)[...]
        result += pieces.popFirst()?.utf8Text ?? ""
        for piece in pieces {
            let name = piece.prefix { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "#") }
            guard let text = text(of: name) else {
                result += "&" + piece.utf8Text
                continue
            }
            let rest = piece.dropFirst(name.count)
            result += text + (rest.first == UInt8(ascii: ";") ? rest.dropFirst() : rest).utf8Text
        }
        return result
    }

    private static let named: [String: String] = {
        var named = ["quot": "\"", "amp": "&", "lt": "<", "gt": ">", "apos": "'", "QUOT": "\"", "AMP": "&", "LT": "<"]
        named["GT"] = ">"
        // U+00A0 to U+00FF in order.
        let latin = """
            nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 \
            acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml \
            Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde \
            Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig \
            ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide \
            oslash ugrave uacute ucirc uuml yacute thorn yuml
            """
        for (offset, name) in latin.split(separator: " ").enumerated() {
            named[String(name)] = Unicode.Scalar(0xA0 + UInt32(offset)).map { String($0) }
        }
        let others = """
            OElig=Œ oelig=œ Scaron=Š scaron=š Yuml=Ÿ fnof=ƒ circ=ˆ tilde=˜ Alpha=Α Beta=Β Gamma=Γ Delta=Δ Epsilon=Ε \
            Zeta=Ζ Eta=Η Theta=Θ Iota=Ι Kappa=Κ Lambda=Λ Mu=Μ Nu=Ν Xi=Ξ Omicron=Ο Pi=Π Rho=Ρ Sigma=Σ Tau=Τ Upsilon=Υ \
            Phi=Φ Chi=Χ Psi=Ψ Omega=Ω alpha=α beta=β gamma=γ delta=δ epsilon=ε zeta=ζ eta=η theta=θ iota=ι kappa=κ \
            lambda=λ mu=μ nu=ν xi=ξ omicron=ο pi=π rho=ρ sigmaf=ς sigma=σ tau=τ upsilon=υ phi=φ chi=χ psi=ψ omega=ω \
            thetasym=ϑ upsih=ϒ piv=ϖ ndash=– mdash=— lsquo=‘ rsquo=’ sbquo=‚ ldquo=“ rdquo=” bdquo=„ dagger=† \
            Dagger=‡ bull=• hellip=… permil=‰ prime=′ Prime=″ lsaquo=‹ rsaquo=› oline=‾ frasl=⁄ euro=€ image=ℑ \
            weierp=℘ real=ℜ trade=™ alefsym=ℵ larr=← uarr=↑ rarr=→ darr=↓ harr=↔ crarr=↵ lArr=⇐ uArr=⇑ rArr=⇒ dArr=⇓ \
            hArr=⇔ forall=∀ part=∂ exist=∃ empty=∅ nabla=∇ isin=∈ notin=∉ ni=∋ prod=∏ sum=∑ minus=− lowast=∗ radic=√ \
            prop=∝ infin=∞ ang=∠ and=∧ or=∨ cap=∩ cup=∪ int=∫ there4=∴ sim=∼ cong=≅ asymp=≈ ne=≠ equiv=≡ le=≤ ge=≥ \
            sub=⊂ sup=⊃ nsub=⊄ sube=⊆ supe=⊇ oplus=⊕ otimes=⊗ perp=⊥ sdot=⋅ lceil=⌈ rceil=⌉ lfloor=⌊ rfloor=⌋ \
            lang=⟨ rang=⟩ loz=◊ spades=♠ clubs=♣ hearts=♥ diams=♦
            """
        for pair in others.split(separator: " ") {
            let sides = pair.split(separator: "=")
            if let name = sides.first, let text = sides.last { named[String(name)] = String(text) }
        }
        let invisible: [(String, UInt32)] = [
            ("ensp", 0x2002), ("emsp", 0x2003), ("thinsp", 0x2009), ("zwnj", 0x200C), ("zwj", 0x200D),
            ("lrm", 0x200E), ("rlm", 0x200F),
        ]
        for (name, value) in invisible { named[name] = Unicode.Scalar(value).map { String($0) } }
        return named
    }()
}
