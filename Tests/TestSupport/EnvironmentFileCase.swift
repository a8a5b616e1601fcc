/// A settings file, and how systemd reads it.
public struct EnvironmentFileCase: Sendable, CustomStringConvertible {
    /// Variables by name, or the line for which systemd refuses the file.
    public enum Outcome: Sendable, Equatable {
        case variables([String: String])
        case refused(line: Int)
    }

    public var file: [UInt8]
    /// The outcome with systemd 252.39 (Debian 12).
    public var systemd252: Outcome
    /// The outcome with systemd 257.13 (Debian 13).
    public var systemd257: Outcome
    /// The row of the table.
    public var description: String

    /// Recorded from both versions; the tests under systemd compare the table with the running version.
    public static let recorded = table.split(separator: "\n").map { EnvironmentFileCase(String($0)) }

    private init(_ row: String) {
        // A row: the file, "=>", the assignments or "!" and a line, then after "257:" those of 257 if they differ.
        var words = row.split(separator: " ", omittingEmptySubsequences: false)[...]
        file = words.first == "=>" ? [] : Self.bytes(words.removeFirst())
        let outcomes = words.dropFirst().split(separator: "257:", omittingEmptySubsequences: false)
        systemd252 = Self.outcome(outcomes.first ?? [])
        systemd257 = Self.outcome(outcomes.last ?? [])
        description = row
    }

    private static func outcome(_ words: ArraySlice<Substring>) -> Outcome {
        if let first = words.first, first.first == "!", let line = Int(first.dropFirst()) {
            return .refused(line: line)
        }
        let assignments = words.map { String(decoding: bytes($0), as: UTF8.self) }
        return .variables(
            Dictionary(
                assignments.map { assignment in
                    let separator = assignment.firstIndex(of: "=") ?? assignment.endIndex
                    return (String(assignment[..<separator]), String(assignment[separator...].dropFirst()))
                }, uniquingKeysWith: { $1 }))
    }

    /// `\n`, `\r`, `\t`, `\s` (a space), `\\` and `\xFF` as bytes.
    private static func bytes(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let sign = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch sign {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "s"): bytes.append(0x20)
            case UInt8(ascii: "x"):
                bytes.append(UInt8(String(Substring(rest.prefix(2))), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            default: bytes.append(sign)
            }
        }
        return bytes
    }

    private static let table = ##"""
        =>
        \n =>
        A=1 => A=1
        A=1\n => A=1
        A=1\r\nB=2\r\n => A=1 B=2
        A=1\rB=2\r => A=1 B=2
        A=1\n\rB=2 => A=1 B=2
        #c\r\nA=1\r\n => A=1
        #c\rA=1 => A=1
        \xef\xbb\xbfA=1\nB=2\n => B=2
        \xef\xbb\xbf#c\nB=2\n => B=2
        \xef\xbb\xbf\nB=2\n => B=2
        \sA=1 => A=1
        \tA\t=\t1\t => A=1
        A\s=1 => A=1
        A=\s1\s => A=1
        A=1\s2 => A=1\s2
        A=a\x0bb => A=a\x0bb
        \x0bA=1 =>
        A\x0b=1 =>
        A=1\x0b => A=1\x0b
        A=\x0c1\x0c => A=\x0c1\x0c
        A=\xc2\xa01\xc2\xa0 => A=\xc2\xa01\xc2\xa0
        A=it's => A=it's
        A=it's\nB=2 => A=it's B=2
        A=a"b\sc"'d' => A=a"b\sc"'d'
        A="a"\s"b" => A=ab
        A='a'\s'b' => A=ab
        A="a"b => A=ab
        A="a"\sb => A=ab
        A="a"\sb\s"c"\s => A=ab\s"c"
        A='a'\s"b"\sc => A=abc
        A='' => A=
        A="" => A=
        A=""\sx => A=x
        A="\sa\s" => A=\sa\s
        A='\sa\s'\s => A=\sa\s
        A='\sa\s'\t\r\nB=1 => A=\sa\s B=1
        A='a'#b => A=a#b
        A='a'\s#\sb => A=a#\sb
        A=a\s#\sb => A=a\s#\sb
        A=#b => A=#b
        A=\s;b => A=;b
        A=foo\\\\\nB=2 => A=foo\\ B=2
        A=foo\\\nB=2 => A=fooB=2
        A=foo\s\\\n\s\sB=2 => A=foo\s\s\sB=2
        A=foo\\\r\nB=2 => A=foo B=2
        A=foo\\\r\n\nB=2 => A=foo B=2
        A=foo\\\rB=2 => A=fooB=2
        A=\\\nB=2 => A=B=2
        A=\\\n\s\s'x'\nB=2 => A=\s\s'x' B=2
        A=\\\n\s\nB=2 => A= B=2
        A=\\ => A=
        A=a\\ => A=a
        A=a\s\\ => A=a\s
        A=a\\\s => A=a\s
        A=a\\\s\s => A=a\s
        A=a\\\s\\\s\n => A=a\s\s
        A=\\\sa => A=\sa
        A=\s\\\sa\s => A=\sa
        A=\\'a\sb\\' => A='a\sb'
        A=\\"a\\" => A="a"
        A=\\n\\t\\x41\\101 => A=ntx41101
        A=\\$X$Y${Z}%i => A=$X$Y${Z}%i
        A=a\\\\b => A=a\\b
        A='a\nb' => A=a\nb
        A="a\nb" => A=a\nb
        A="a\r\nb"\r\nC=1 => A=a\r\nb C=1
        A='a\r\nb' => A=a\r\nb
        A="a\\\nb" => A=ab
        A="a\\\r\nb" => A=a\\\r\nb
        A='a\\\nb' => A=a\\\nb
        A='a\\'b => A=a\\b
        A='a\\'\nB=1 => A=a\\ B=1
        A="\\"\\\\\\`\\$\\n\\'\\\s" => A="\\`$\\n\\'\\\s
        A="a\\ => A=a
        A="a => A=a
        A='a => A=a
        A="a\s\nB=1\n => A=a\s\nB=1\n
        A='a\s\nB=1\n => A=a\s\nB=1\n
        A=" => A=
        A=' => A=
        A="a\\" => A=a"
        A='x'\s\\\ny => A=xy
        A='x'\\\ny => A=xy
        A='x'\\\s => A=x\s
        A='x'\\ => A=x
        A='x'\s\\y'z' => A=xy'z'
        A=\\\n => A=
        A='x'\n'y' => A=x
        #c\s\\\nA=1\nB=2 => B=2 257: A=1 B=2
        #c\s\\\\\nA=1\nB=2 => A=1 B=2
        #c\s\\\\\\\nA=1\nB=2 => B=2 257: A=1 B=2
        ;c\\\nA=1\nB=2 => B=2 257: A=1 B=2
        #c\s\\\s\nA=1 => A=1
        #c\\\r\nA=1\r\nB=2 => A=1 B=2
        #c\\\rA=1\nB=2 => B=2 257: A=1 B=2
        #c\\ =>
        #c\\\n =>
        #c\\\n#d\\\nA=1\nB=2 => B=2 257: A=1 B=2
        #c\\x\nA=1 => A=1
        \s\s#\sc\nA=1 => A=1
        \t;c\nA=1 => A=1
        #\\\nA=1\nB=2 => B=2 257: A=1 B=2
        #c\\\n\\\nA=1\nB=2 => B=2 257: A=1 B=2
        #c\\\n\nA=1 => A=1
        export\sA=1\nB=2 => B=2
        export\sA\nB=2 => B=2
        A\nB=2 => B=2
        A =>
        A\n=1\nB=2 => B=2
        =1\nB=2 => B=2
        \s=\s1\nB=2 => B=2
        ==\nB=1 => B=1
        A==1 => A==1
        A=1=2 => A=1=2
        1A=1\nB=2 => B=2
        A.B=1\nB=2 => B=2
        A-B=1\nB=2 => B=2
        A\sB=1\nC=2 => C=2
        \xc3\xa4=1\nB=2 => B=2
        A\xc3\xa4=1\nB=2 => B=2
        a=1\n_=2\n_9=3 => _=2 _9=3 a=1
        A#=1\nB=2 => B=2
        A\\\nB=1\nC=2 => B=1 C=2
        A\\=1\nB=2 => B=2
        \\\nA=1 => A=1
        \\A=1\nB=2 => B=2
        'A'=1\nB=2 => B=2
        "A=1\nB=2" => B=2"
        [section]\nA=1 => A=1
        A:1\nB=2 => B=2
        A+=1\nB=2 => B=2
        A\x01=1\nB=2 => B=2
        A\x7f=1\nB=2 => B=2
        A=\xff\nB=2 => !1
        B=2\nA=\xff => !2
        A=1\n\xff=2\nB=3 => !2
        \xff\nB=2 => B=2
        #\xff\nB=2 => B=2
        A=\xc3(\nB=2 => !1
        A=\xed\xa0\x80\nB=2 => !1
        A=\xf4\x90\x80\x80\nB=2 => !1
        A=\xc0\x80\nB=1 => !1
        A=\xf0\x9f\x98\x80\nB=2 => A=\xf0\x9f\x98\x80 B=2
        A=\xef\xbf\xbf\nB=2 => !1
        A=\xef\xbf\xbe\nB=2 => !1
        A=\xef\xb7\x90\nB=2 => !1
        A=\xf0\x9f\xbf\xbf\nB=2 => !1
        A=\xe2\x80\xae\nB=2 => A=\xe2\x80\xae B=2
        A=\xc2\x80\nB=2 => A=\xc2\x80 B=2
        A=\xc2\x85\nB=2 => A=\xc2\x85 B=2
        A=x\xe2\x80\xa8y\nB=1 => A=x\xe2\x80\xa8y B=1
        A=\xe0\x80\x80\nB=1 => !1
        A=\xf0\x80\x80\x80\nB=1 => !1
        A=\xf8\x88\x80\x80\x80\nB=1 => !1
        A=\xff\\\n => !1
        export\s\xff=1\nB=1 => !1
        \xc3\xa4\xff\nB=1 => B=1
        A=\xc3 => !1
        A='\xc3 => !1
        A=\\\xc3\xa4 => A=\xc3\xa4
        A=a\x00b\nB=2 => !1
        A=1\n\x00 => !2
        \x00 => !1
        #\x00\nA=1 => !1
        A=1\nB\x00=2 => !2
        A=\x01\nB=2 => A=\x01 B=2
        A=\x07\x08\x1b\x7f\nB=2 => A=\x07\x08\x1b\x7f B=2
        A='\x01\x1b'\nB=2 => A=\x01\x1b B=2
        A=\tx\ty\t\nB=2 => A=x\ty B=2
        A=\nB=2 => A= B=2
        A=\s\nB=2 => A= B=2
        A=\r\nB=2 => A= B=2
        A=1\nA=2 => A=2
        A=1\nA= => A=
        A=1\nA => A=1
        A=1\nA\sB=3 => A=1
        A=1\nA='\xff' => !2
        A='1\nA=2'\nB=1 => A=1\nA=2 B=1
        A=1\s\\\n#c\nB=2 => A=1\s#c B=2
        A=1\\\n\nB=2 => A=1 B=2
        A=1\s\\\n\s\\\n\sB\nC=2 => A=1\s\s\sB C=2
        \n\n\s\n\t\nA=1 => A=1
        A=1;B=2 => A=1;B=2
        A=$(id)`id` => A=$(id)`id`
        A=!a{b}[c]*?~ => A=!a{b}[c]*?~
        A=\x1a\nB=2 => A=\x1a B=2
        A=1\n\x1a => A=1
        A=1\n\x1a\n => A=1
        \x1a\nA=1 => A=1
        A=1\x1a => A=1\x1a
        A=\\\\ => A=\\
        A=\\\\\n => A=\\
        A=\\\\\\\nb\nB=1 => A=\\b B=1
        A=a\\\\\\\\\nB=1 => A=a\\\\ B=1
        A=a\\\\\s\nB=1 => A=a\\ B=1
        A='a\\\\'\nB=1 => A=a\\\\ B=1
        A='a'\\\\\nB=1 => A=a\\ B=1
        A="a\\\\"\nB=1 => A=a\\ B=1
        A="a\\\\\nb"\nB=1 => A=a\\\nb B=1
        A=a\s\t\s\nB=2 => A=a B=2
        A=a\\\t\nB=2 => A=a\t B=2
        A=a\s\\\\\s\nB=2 => A=a\s\\ B=2
        A=a\s'\nB=2 => A=a\s' B=2
        A=\s'\nB=2 => A=\nB=2
        A=\t'a'\t'b'\t\nB=2 => A=ab B=2
        A=\r'a' => A=
        A='a'\r'b' => A=a
        A=a\s\\b\s\nB=1 => A=a\sb B=1
        A=a\s\s\\\n\s\s\nB=1 => A=a\s\s B=1
        A=a\s\s\\\n\nB=1 => A=a\s\s B=1
        \r\r\n\n\rA=1 => A=1
        A=1\x00 => !1
        A\r=1\nB=2 => B=2
        A\s\r\n=1\nB=2 => B=2
        A=x\n\s\nB=y => A=x B=y
        A=b\\\xff\nB=1 => !1
        A="\\\xff"\nB=1 => !1
        A="\\\xc3\xa4"\nB=1 => A=\\\xc3\xa4 B=1
        A=1\\\xc3\xa4\nB=1 => A=1\xc3\xa4 B=1
        A=\xc3\\\n\xa4\nB=1 => A=\xc3\xa4 B=1
        \xef\xbb\xbf[x]\nA=1 => A=1
        A=\xef\xbb\xbf1\n => A=\xef\xbb\xbf1
        A=1\nB='x => A=1 B=x
        #c\\\n\s#\sd\nA=1\nB=2 => A=1 B=2
        #c\\\n\t\n#d\nA=1 => A=1
        #c\\\n'x\nA=1\nB=2 => A=1 B=2
        #c\\\nA='x\ny'\nB=2 => B=2 257: A=x\ny B=2
        #c\\\r\r\nA=1 => A=1
        #c\\\n\rA=1 => A=1
        ;\\\n;\\\n;\nA=1 => A=1
        A="x\n#y\\\nz"\nB=1 => A=x\n#yz B=1
        #=\\\nA=1\nB=1 => B=1 257: A=1 B=1
        A="a\\\rb" => A=a\\\rb
        A=a\\\r\\\nb\nB=1 => A=ab B=1
        A=x\\\n#y\nB=1 => A=x#y B=1
        A='x'\\\n'y'\nB=1 => A=x'y' B=1
        A="x"\s\\\n"y" => A=x"y"
        A="x"\\ => A=x
        A=\\\\\\\\ => A=\\\\
        A='\\\n' => A=\\\n
        A='''' => A=
        A="""" => A=
        A='"'"'" => A="'
        A="it's"\s'a\s"b"' => A=it'sa\s"b"
        NEON_DATABASE_URL=postgresql://u:it's@h/d?a=b#c => NEON_DATABASE_URL=postgresql://u:it's@h/d?a=b#c
        NEON_DATABASE_URL="postgresql://u:p@h/d"\s#\smain => NEON_DATABASE_URL=postgresql://u:p@h/d#\smain
        RIVET_ALLOWED_USERS=5\r\nRIVET_LOG_LEVEL=info\r\n => RIVET_ALLOWED_USERS=5 RIVET_LOG_LEVEL=info
        #\ssettings\r\nRIVET_ALLOWED_USERS=5\r\n => RIVET_ALLOWED_USERS=5
        =A=1\nB=2 => B=2
        ==A=1\nB=2 => B=2
        ='x\nB=1\ny' => B=1
        =='x\nB=1\ny'\nC=1 => C=1
        \s=A='x\nB=1\ny'\nC=1 => C=1
        \s=#\\\nB=1 => B=1
        """##
}
