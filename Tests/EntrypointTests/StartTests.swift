import TestSupport
import Testing
import Text

/// How containers are started, and what account files they may bring.
@Suite(.containers)
struct StartTests {
    private static let required = ["NB_USER", "NB_UID", "NB_GROUP", "NB_GID", "SCRATCH_HOME_ROOT", "WORKING_DIR"]

    @Test func `with nothing set the command runs as it was started, with a warning`() throws {
        try withPod { container in
            for name in Self.required { container.environment = container.environment.without("\(name)") }
            let outcome = try container.boot("sh", "-c", "id -u; pwd")
            #expect(outcome.exitCode == 0 && outcome.output == "0\n/\n", "\(outcome)")
            #expect(outcome.errors.contains("NB_USER, NB_UID, NB_GROUP, NB_GID, SCRATCH_HOME_ROOT, WORKING_DIR"))
            #expect(try !container.exists("/home/jane") && !container.exists("/etc/sudoers.d/90-entrypoint"))
        }
    }

    @Test(arguments: required) func `with one of them missing or empty nothing runs`(name: String) throws {
        try withPod { container in
            let full = container.environment
            for environment in [full.without("\(name)"), full.with(["\(name)": ""])] {
                container.environment = environment
                let outcome = try container.boot("echo", "ran")
                #expect(outcome.exitCode == 78 && outcome.output.isEmpty, "\(outcome)")
                #expect(
                    outcome.errorLines.contains(
                        "entrypoint: settings: \(name) is not set, but the other required variables are"), "\(outcome)")
            }
        }
    }

    @Test func `a user without privileges gets all that they may do`() throws {
        try withPod { container in
            (container.user, container.group, container.noNewPrivileges) = (1000, 2000, true)
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.users == [1000, 1000, 1000] && report.groups == [2000, 2000, 2000])
            #expect(try report.directory == "/scratch/homes/jane" && report.umask == 0o007 && report.noNewPrivileges)
        }
    }

    @Test func `another user without privileges is refused with the field of the pod spec`() throws {
        try withPod { container in
            (container.user, container.group) = (1001, 2000)
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 125)
            #expect(
                outcome.errorLines.last
                    == "entrypoint: identity: cannot become user 1000: the container runs as user 1001 without CAP_SETUID; "
                    + "set securityContext.runAsUser: 1000 in the pod spec, or start as root", "\(outcome)")
        }
    }

    @Test(arguments: [
        ("root:x:0:0:root:/root:/bin/sh", "root:x:0:0:root:/root:/bin/sh\n"),
        ("root:x:0:0:root:/root:/bin/sh\nnot a line\n", "root:x:0:0:root:/root:/bin/sh\nnot a line\n"),
        ("", ""),
    ])
    func `account files of any kind keep their lines`(found: String, kept: String) throws {
        try withPod { container in
            try container.write("/etc/passwd", "\(found)")
            #expect(try container.boot("id", "-un").output == "jane\n")
            #expect(try container.text("/etc/passwd") == kept + "jane:x:1000:2000::/home/jane:/bin/zsh\n")
        }
    }

    @Test func `a missing account file is made, and one of 50 MB is edited whole`() throws {
        try withPod { container in
            try container.remove("/etc/passwd")
            #expect(try container.boot("id", "-un").output == "jane\n")
            #expect(try container.text("/etc/passwd") == "jane:x:1000:2000::/home/jane:/bin/zsh\n")
        }
        try withPod { container in
            let line = "# a comment that makes the file long, and that has to stay as it is, whatever else is in here\n"
            let text = String(repeating: line, count: 50_000_000 / line.utf8.count)
            try container.write("/etc/passwd", "\(text)")
            #expect(try container.boot("true").exitCode == 0)
            #expect(try container.text("/etc/passwd") == text + "jane:x:1000:2000::/home/jane:/bin/zsh\n")
        }
    }

    @Test func `the log can be JSON, quiet or detailed`() throws {
        try withPod { container in
            container.environment = container.environment.with(["ENTRYPOINT_LOG_FORMAT": "json"])
            let lines = try container.boot("true").errorLines
            #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("{\"time\":\"20") })
            container.environment = .pod.with(["ENTRYPOINT_LOG": "quiet"])
            #expect(try container.boot("true").errors == "")
            container.environment = .pod.with(["ENTRYPOINT_LOG": "debug"])
            #expect(try container.boot("true").errors.contains("already: directory /scratch/homes/jane"))
        }
    }
}
