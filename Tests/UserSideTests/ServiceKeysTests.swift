import TestSupport
import Testing
import Text

@testable import Boot
@testable import UserSide

/// The keys of services as people read them.
struct ServiceKeysTests {
    @Test func `the page has every key of a service`() throws {
        try Page("Services").expectTable(ServiceKeys.table, of: "entrypointctl steps --table services")
    }

    @Test func `keys of objects stand below them`() {
        let table = ServiceKeys.table
        for row in [
            "| `name` | text | ", "| `ready` | keys | ", "| `ready.tcp` | 1 to 65535 | ",
            "| `final.timeout` | duration | how long it may take (required) |", "| `backoff` | text or keys | ",
            "| `log` | `pod`, `none` or keys | ", "| `log.size` | text | ", "| `limits.openFiles` | ",
        ] { #expect(table.contains("\n\(row)"), "\(row)\n\(table)") }
    }
}
