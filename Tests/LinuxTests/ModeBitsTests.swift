import Foundation
import Glibc
import Linux
import TestSupport
import Testing

struct ModeBitsTests {
    @Test(arguments: [
        (0, "0000"), (0o7, "0007"), (0o770, "0770"), (0o2770, "2770"), (0o100644, "0644"), (.max, "7777"),
    ])
    func `a mode is four octal digits, without the type of the file`(bits: UInt32, octal: String) {
        #expect(ModeBits(rawValue: bits).octal == octal)
    }

    @Test func `a umask takes bits away`() {
        #expect(ModeBits(0o777).masked(by: 0o007) == 0o770)
        #expect(ModeBits(0o2750).masked(by: 0o777) == 0o2000)
    }

    @Test func `a mode contains another when it has all its bits`() {
        #expect(ModeBits(0o2770).contains(0o2070))
        #expect(!ModeBits(0o770).contains(0o2070))
        #expect(ModeBits(0o700).contains(0))
    }
}
