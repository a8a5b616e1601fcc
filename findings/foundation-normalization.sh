#!/bin/bash
# Foundation on Linux (swift-corelibs-foundation of Swift 6.3.1): `precomposedStringWithCanonicalMapping` is not NFC.
#
#  - It changes text: a combining character beyond U+FFFF that stands before a BMP one is cut to 16 bits and composed.
#    U+11F41 U+0300 (Kawi, both characters are kept by NFC) becomes U+1F43, a Greek letter.
#  - Vowel signs that decompose into two combining characters are not put in order: U+1AB0 U+0F75.
#  - A Hangul syllable and its final consonant stay apart when a combining mark stands before them: U+20DA U+B434 U+11B8.
#
# Measure: Unicode's tables in unicodedata2 (PyPI). Needs swiftc, python3 with pip, and a connection to PyPI. Fails when
# Foundation answers otherwise.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

swiftc --version 2>&1 | head -n 1
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$work/python" unicodedata2==15.1.0

cat >"$work/nfc.swift" <<'END'
import Foundation

for line in ["11F41 300", "1AB0 F75", "20DA B434 11B8", "65 301"] {
    let scalars = line.split(separator: " ").compactMap { UInt32($0, radix: 16).flatMap { Unicode.Scalar($0) } }
    let form = String(String.UnicodeScalarView(scalars)).precomposedStringWithCanonicalMapping
    print(form.unicodeScalars.map { String($0.value, radix: 16, uppercase: true) }.joined(separator: " "))
}
END
swiftc -o "$work/nfc" "$work/nfc.swift"
"$work/nfc" >"$work/foundation"

PYTHONPATH=$work/python python3 >"$work/unicode" <<'END'
import unicodedata2
for line in ["11F41 300", "1AB0 F75", "20DA B434 11B8", "65 301"]:
    text = "".join(chr(int(word, 16)) for word in line.split())
    print(" ".join("%X" % ord(character) for character in unicodedata2.normalize("NFC", text)))
END

echo 'Foundation        | Unicode 15.1'
paste -d '|' "$work/foundation" "$work/unicode" | tee "$work/both"
diff "$work/both" - <<'END' || { echo 'Foundation answers otherwise now.' >&2; exit 1; }
1F43|11F41 300
1AB0 F71 F74|F71 F74 1AB0
20DA B434 11B8|20DA B445
E9|E9
END
