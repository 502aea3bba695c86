import Boot
import Linux
import Programs
import TestSupport
import Testing
import Text

/// What the configuration says of directories that outlive their pod.
struct SnapshotSettingsTests {
    private static func read(
        _ file: String, _ variables: [String: String] = [:]
    ) -> (snapshots: [Snapshot], services: [Service], problems: [String]) {
        var configuration = Configuration()
        if !file.isEmpty { configuration.add(Array(file.utf8), name: "f.yaml") }
        do throws(SettingsError) {
            let settings = try Settings.read(
                from: Pod.environment(variables.mapValues { Array($0.utf8) }), configuration: configuration)
            return (settings.snapshots, settings.services, [])
        } catch {
            return ([], [], error.problems.map { $0.text })
        }
    }

    private static let credentials = "credentials: {accessKeyFile: /s/id, secretKeyFile: /s/key, passwordFile: /s/pw}"

    @Test func `a file has all keys, and the service that saves comes from them`() throws {
        let found = Self.read(
            """
            snapshot:
              directory: /data/{user}
              repository: "s3:https://objects.example.com/bucket/{user}/{uid}-{group}-{pod}"
              \(Self.credentials)
              every: 60
              addressing: path
              region: eu-1
              exclude: ["**/__pycache__", .cache]
              keep: {last: 10, daily: 7}
              restoreTimeout: 2h
              finalTimeout: 40
              onFailure: warn
              transfers: 8
              packSize: 32
              create: true
              createBucket: true
            """, ["POD_NAME": "jane-0"])
        #expect(found.problems == [])
        let snapshot = try #require(found.snapshots.first)
        #expect(snapshot.directory == "/data/jane")
        #expect(snapshot.repository == "s3:https://objects.example.com/bucket/jane/254321-lab-jane-0")
        #expect(snapshot.keep?.numbers.map { "\($0.name)=\($0.count)" } == ["last=10", "daily=7"])
        #expect(snapshot.every == 60_000_000_000 && snapshot.restoreTimeout == 7_200_000_000_000)
        #expect(snapshot.addressing == .path && snapshot.create && snapshot.createBucket && snapshot.onFailure == .warn)
        let service = try #require(found.services.first)
        #expect(service.name == "snapshot" && service.schedule == .every(60_000_000_000))
        #expect(
            service.final?.timeout == 40_000_000_000 && service.identity == .user && service.start == .beforeCommand
                && !service.holdsCommand)
        #expect(service.secrets.contains("SNAPSHOT_PASSWORD"))
        #expect(snapshot.restore.identity == .user && snapshot.restore.timeLimit == 7260)
    }

    @Test func `variables do without a file, and count more than one`() throws {
        let variables = [
            "SNAPSHOT_DIRECTORY": "/workdir", "SNAPSHOT_REPOSITORY": "/mnt/{user}", "SNAPSHOT_PASSWORD": "secret-word",
            "SNAPSHOT_EVERY": "2m",
        ]
        let found = Self.read("", variables)
        #expect(found.problems == [] && found.snapshots.first?.repository == "/mnt/jane", "\(found.problems)")
        let both = Self.read("snapshot: {directory: /x, repository: /y, \(Self.credentials), every: 5}", variables)
        #expect(both.snapshots.first?.every == 120_000_000_000 && both.snapshots.first?.directory == "/workdir")
        #expect(both.snapshots.first?.credentials.passwordFile == "/s/pw")
    }

    @Test func `several snapshots have names, and a service each`() {
        let found = Self.read(
            """
            snapshot:
              - {name: work, directory: /a, repository: /r/a, \(Self.credentials)}
              - {name: notes, directory: /b, repository: /r/b, \(Self.credentials)}
            """)
        #expect(found.services.map(\.name) == ["snapshot-work", "snapshot-notes"])
        #expect(found.snapshots.map(\.name) == ["work", "notes"])
    }

    /// A configuration with a mistake, and what is told of it.
    static let mistakes: [(file: String, variables: [String: String], told: String)] = [
        ("{directory: /a, repository: /r}", [:], "restic needs the password of its repository"),
        ("{directory: /a, \(credentials)}", [:], "a snapshot needs a repository"),
        ("{repository: /r, \(credentials)}", [:], "a snapshot needs a directory"),
        ("{directory: /etc, repository: /r, \(credentials)}", [:], "not a directory that is the user's alone"),
        ("{directory: a, repository: /r, \(credentials)}", [:], "not an absolute path"),
        ("{directory: '/a/{usr}', repository: /r, \(credentials)}", [:], "no placeholder {usr}"),
        (
            "{directory: '/a/{pod}', repository: /r, \(credentials)}", ["POD_NAME": "a/b"],
            "no single component of a path"
        ),
        ("{directory: '/a{user', repository: /r, \(credentials)}", [:], "a { without its }"),
        ("{directory: '/a/{SCRATCH_HOME}', repository: /r, \(credentials)}", [:], "the beginning of a path"),
        ("{directory: /a, repository: 'sftp:host:/x', \(credentials)}", [:], "neither s3:"),
        ("{directory: /a, repository: 's3:https://u:hunter2@h/b', \(credentials)}", [:], "no user and no password"),
        ("{directory: /a, repository: 's3:https://host', \(credentials)}", [:], "not an address"),
        ("{directory: /a, repository: 's3:https://h/b/../c', \(credentials)}", [:], "not an address"),
        (
            "{directory: /a, repository: 's3:https://h/b', credentials: {passwordFile: /p}}", [:],
            "object storage needs credentials.accessKeyFile"
        ),
        ("{directory: /a, repository: /r, \(credentials), keep: {}}", [:], "expected at least one number"),
        (
            "{directory: /a, repository: /r, \(credentials), engine: tape}", [:],
            "expected one of restic, archive, mirror"
        ),
        ("{directory: /a, repository: /r, engine: mirror, keep: {last: 3}}", [:], "a mirror has one state"),
        (
            "[{directory: /a, repository: /r, \(credentials)}, {name: b, directory: /b, repository: /s, \(credentials)}]",
            [:],
            "each of several snapshots needs a name"
        ),
        (
            "[{name: a, directory: /a, repository: /r, \(credentials)}, {name: b, directory: /b, repository: /s, \(credentials)}]",
            ["SNAPSHOT_EVERY": "5"], "variables are for one"
        ),
    ]

    @Test(arguments: mistakes.indices) func `a mistake is told, and no password`(index: Int) {
        let (file, variables, told) = Self.mistakes[index]
        let found = Self.read("snapshot: \(file)", variables)
        #expect(found.problems.contains { $0.contains(told) }, "\(found.problems)")
        #expect(!found.problems.contains { $0.contains("hunter2") }, "\(found.problems)")
    }

    @Test func `a directory can be below the persistent one`() {
        let found = Self.read(
            "snapshot: {directory: '{SCRATCH_HOME}/fast', repository: /r, \(Self.credentials)}",
            ["SCRATCH_HOME": "/scratch/homes/jane"])
        #expect(found.snapshots.first?.directory == "/scratch/homes/jane/fast", "\(found.problems)")
    }
}
