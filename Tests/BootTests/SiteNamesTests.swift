import Foundation
import TestSupport
import Testing

/// The program is for everybody: no site's names are in its defaults, its help or its documentation.
struct SiteNamesTests {
    private static let names = ["mljaggi", "mloscratch", "epfl"]
    /// The example of a site's policy, and where it is mentioned.
    private static let example = "docker/base/epfl.yaml"

    @Test func `only the example of a site names the site`() throws {
        var seen = 0
        for place in ["Sources", "docker", "scripts", "README.md"] {
            let url = Golden.url(place)
            let paths = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
            for path in place.hasSuffix(".md") ? [place] : paths.map({ "\(place)/\($0)" }) where path != Self.example {
                guard let text = try? String(contentsOf: Golden.url(path), encoding: .utf8) else { continue }
                seen += 1
                let rest = text.replacing(Self.example, with: "").lowercased()
                for name in Self.names { #expect(!rest.contains(name), "\(name) in \(path)") }
            }
        }
        #expect(seen > 250)
        let text = try String(contentsOf: Golden.url(Self.example), encoding: .utf8)
        for name in Self.names { #expect(text.lowercased().contains(name)) }
    }
}
