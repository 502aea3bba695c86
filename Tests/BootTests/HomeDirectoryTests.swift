import Linux
import TestSupport
import Testing

@testable import Boot

/// The home, which root makes.
@Suite(.actingAsUsers)
struct HomeDirectoryTests {
    private static func home(_ path: FilePath) -> Change {
        .directory(
            DirectoryChange(
                at: DirectoryChange.Place(path),
                made: DirectoryChange.Form(mode: 0o750, owner: Site.user.user, group: Site.user.group), use: .none))
    }

    @Test func `root makes a home for the user, and what is above it for all`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                expectSame(try site.story(Self.home(site.at("homes/deep/jane")), by: [.root]), "changed as root")
                expectSame(
                    try site.listing(),
                    """
                    homes 0755 0:0 /
                    homes/deep 0755 0:0 /
                    homes/deep/jane 0750 254321:83070 /
                    """)
                expectSame(try site.story(Self.home(site.at("homes/deep/jane")), by: [.root]), "already")
            }
        }
    }

    @Test func `a home of somebody else is left as it is`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("jane", 0o777, 5, 6)
                expectSame(
                    try site.story(Self.home(site.at("jane")), by: [.root]),
                    "already\n  /jane belongs to user 5, not to 254321, and is left as it is; correct it with chown "
                        + "254321:83070 /jane")
                expectSame(try site.listing(), "jane 0777 5:6 /")
            }
        }
    }

    @Test func `root follows no link, wherever it is`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("real")
                try site.link("homes", to: "real")
                try site.link("jane", to: "real")
                try site.link("dangling", to: "real/new")
                let before = try site.listing()
                expectSame(
                    try site.story(Self.home(site.at("homes/jane")), by: [.root]),
                    "failed: cannot look at /homes/jane: /homes is a symbolic link, which root does not follow (openat2 ELOOP as "
                        + "root); name the path that it leads to")
                for name in ["jane", "dangling"] {
                    expectSame(
                        try site.story(Self.home(site.at(name)), by: [.root]),
                        "failed: cannot use /\(name): it is a symbolic link, which root does not follow")
                }
                expectSame(try site.listing(), before)
            }
        }
    }
}
