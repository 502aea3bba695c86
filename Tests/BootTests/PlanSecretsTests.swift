import Foundation
import Linux
import Testing

@testable import Boot

/// The secrets of a plan: applying the plan leaves them as they are, and whoever has made it overwrites them.
struct PlanSecretsTests {
    /// A secret, and the memory where it lies, which can be looked at for as long as the secret lives.
    private struct Key {
        let secret: Secret
        let memory: UnsafeRawBufferPointer

        init(_ text: String) {
            secret = Secret(text: text)
            memory = secret.withBytes(0..<secret.count) { $0 }
        }

        /// What lies in the memory now.
        var bytes: [UInt8] { withExtendedLifetime(secret) { Array(memory) } }
        var isErased: Bool { bytes.allSatisfy { $0 == 0 } }
    }

    private static func plan(_ place: Site, _ keys: [Key], after earlier: [PlannedChange] = []) -> Plan {
        let files = zip([SSHFileName.privateKey, .publicKey, .knownHosts], keys).map { name, key in
            SSHFilesChange.File(name, key.secret, from: "THE_KEY")
        }
        let ssh = SSHFilesChange(
            directory: place.home.appending(".ssh"), files: files, alias: nil,
            mounts: [Mount(point: "/", type: "overlay", source: "overlay")])
        let changes = earlier + [PlannedChange(.sshFiles(ssh), by: [.user], onFailure: .warn)]
        return Plan(changes: changes.map { StepChange(step: "test", planned: $0) }, exports: [], warnings: [])
    }

    @Test func `a plan that is applied twice comes to the same, and its secrets go when its owner is done`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let keys = ["KEY\n", "PUBLIC\n", "HOST\n"].map(Key.init)
            let plan = Self.plan(place, keys)
            func come(to mode: Apply.Mode) throws(BootError) -> [String] {
                try place.apply(plan, mode: mode).events.map(place.story)
            }
            let listing =
                ".ssh/ 0700\n.ssh/id_rsa 0600 KEY\\n\n.ssh/id_rsa.pub 0644 PUBLIC\\n\n.ssh/known_hosts 0644 HOST\\n"
            var stories: [[String]] = []
            var listings: [String] = []
            try plan.erasingSecrets { _ throws(BootError) in
                stories = [try come(to: .dryRun)]
                for _ in 0..<2 {
                    stories.append(try come(to: .boot))
                    listings.append((try? place.listing(place.home)) ?? "")
                    try? FileManager.default.removeItem(atPath: place.home.appending(".ssh").string)
                }
                #expect(keys.map { String(decoding: $0.bytes, as: UTF8.self) } == ["KEY\n", "PUBLIC\n", "HOST\n"])
            }
            let files = "id_rsa (0600), id_rsa.pub (0644), known_hosts (0644)"
            #expect(
                stories == [["changed\nwrites \(files)"], ["changed\nwrote \(files)"], ["changed\nwrote \(files)"]])
            #expect(listings == [listing, listing])
            #expect(keys.allSatisfy { $0.isErased && $0.secret.count == 0 })
        }
    }

    @Test func `a change that ends the boot before the turn of ssh leaves no secret in memory`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let key = Key("KEY\n")
            try place.makeDirectory(place.scratch.appending("taken"))
            let failing = PlannedChange(
                .firstFile(FirstFileChange(path: place.scratch.appending("taken"))), by: [.user], onFailure: .stop)
            let plan = Self.plan(place, [key], after: [failing])
            // Whoever only applies the plan keeps the key.
            #expect(throws: BootError.self) { try place.apply(plan) }
            #expect(key.bytes == Array("KEY\n".utf8))
            #expect(throws: BootError.self) {
                try plan.erasingSecrets { plan throws(BootError) in _ = try place.apply(plan) }
            }
            #expect(key.isErased && key.secret.count == 0)
            try expectSame(place.listing(place.home), "")
        }
    }
}
