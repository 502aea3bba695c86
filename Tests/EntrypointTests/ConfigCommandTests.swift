import TestSupport
import Testing

/// `entrypointctl config` in real containers: what is checked, and what is in force.
@Suite(.containers)
struct ConfigCommandTests {
    private static func withControl(
        _ image: Image = .busybox, _ programs: Programs = .plain, _ body: (Container) throws -> Void
    ) throws {
        try withPod(image, programs) { container in
            container.entrypoint = ["/usr/local/bin/entrypointctl", "config"]
            try body(container)
        }
    }

    @Test func `without files, the image's own are checked`() throws {
        try Self.withControl { container in
            let none = try container.run("check")
            #expect(none.exitCode == 0 && none.errors == "", "\(none)")
            #expect(none.output == "there is no /etc/entrypoint.yaml, and no .yaml file in /etc/entrypoint/conf.d\n")

            try container.write("/etc/entrypoint.yaml", "scratch: {timeout: 5}\n")
            try container.write("/etc/entrypoint/conf.d/10-site.yaml", "identity: {sudo: some}\n")
            try container.write("/etc/entrypoint/conf.d/site.yml", "log: {level: debug}\n")
            let wrong = try container.run("check")
            #expect(wrong.exitCode == 78, "\(wrong)")
            #expect(wrong.outputLines == ["read /etc/entrypoint.yaml, /etc/entrypoint/conf.d/10-site.yaml"])
            #expect(wrong.errorLines.count == 2, "\(wrong)")
            #expect(
                wrong.errors.contains("/etc/entrypoint/conf.d/10-site.yaml:1:18: identity.sudo: expected "), "\(wrong)")
            #expect(wrong.errors.contains("/etc/entrypoint/conf.d/site.yml: name it .yaml"), "\(wrong)")

            try container.write("/etc/entrypoint/conf.d/10-site.yaml", "identity: {sudo: none}\n")
            try container.write("/etc/entrypoint/conf.d/site.yml.txt", "")
            try container.remove("/etc/entrypoint/conf.d/site.yml")
            let right = try container.run("check")
            #expect(right.exitCode == 0 && right.errors == "", "\(right)")

            // Of another image; what this process or its image has does not count.
            try container.write("/image/etc/entrypoint.yaml", "a: 1\n")
            let other = try container.run("check", "--root", "/image")
            #expect(other.exitCode == 78 && other.errors.hasPrefix("/etc/entrypoint.yaml:1:1: "), "\(other)")
            let both = try container.run("check", "--root", "/image", "/etc/entrypoint.yaml")
            #expect(both.exitCode == 64 && both.errors.contains("give it without files"), "\(both)")
        }
    }

    @Test func `a file that does not count in an elevated start is told`() throws {
        try Self.withControl(.busybox, .elevated) { container in
            try container.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n", mode: 0o664, user: 1000)
            let outcome = try container.run("check")
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(
                outcome.errorLines.first
                    == "note: /etc/entrypoint.yaml is ignored: /etc/entrypoint.yaml must belong to root and be "
                    + "writable by root alone, in a start with the capabilities of the program's file", "\(outcome)")
        }
    }

    @Test func `the settings are shown with a file in the place of the image's own`() throws {
        try Self.withControl { container in
            try container.write("/etc/entrypoint.yaml", "scratch: {timeout: 5, umask: \"027\"}\n")
            try container.write("/one.yaml", "scratch: {timeout: 6}\nidentity: {sudo: none}\n")
            try container.write("/two.yaml", "scratch: {timeout: 7}\n")
            let own = try container.run("show")
            #expect(
                own.outputLines.contains("SCRATCH_TIMEOUT (scratch.timeout) = 5  (/etc/entrypoint.yaml:1)"), "\(own)")
            let shown = try container.run("show", "/one.yaml", "/two.yaml")
            #expect(shown.exitCode == 0 && shown.errors == "", "\(shown)")
            #expect(shown.outputLines.contains("SCRATCH_TIMEOUT (scratch.timeout) = 7  (/two.yaml:1)"), "\(shown)")
            #expect(shown.outputLines.contains("IDENTITY_SUDO (identity.sudo) = none  (/one.yaml:2)"), "\(shown)")
            #expect(shown.outputLines.contains("SCRATCH_UMASK (scratch.umask) = 007  (default)"), "\(shown)")
            // The pod's own file still counts more, as at a boot.
            try container.write("/pod.yaml", "scratch: {timeout: 8}\n")
            container.environment["ENTRYPOINT_CONFIG"] = "/pod.yaml"
            let named = try container.run("show", "/one.yaml")
            #expect(named.outputLines.contains("SCRATCH_TIMEOUT (scratch.timeout) = 8  (/pod.yaml:1)"), "\(named)")
            try container.write("/bad.yaml", "scratch: {timeout: soon}\n")
            container.environment["ENTRYPOINT_CONFIG"] = nil
            let bad = try container.run("show", "/bad.yaml")
            #expect(bad.exitCode == 78 && bad.errors.hasPrefix("/bad.yaml:1:"), "\(bad)")
            let none = try container.run("show", "/none.yaml")
            #expect(none.exitCode == 64 && none.errors.hasPrefix("Error: cannot read /none.yaml"), "\(none)")
        }
    }

    @Test
    func `a configuration that this process names is not passed over in silence where a file is the pod's environment`()
        throws
    {
        try Self.withControl { container in
            try container.write("/mine.yaml", "scratch: {timeout: 5}\n")
            try container.write("/pod.env", "NB_USER=jane\n")
            container.environment["ENTRYPOINT_CONFIG"] = "/mine.yaml"
            let outcome = try container.run("show", "--env-file", "/pod.env")
            #expect(
                outcome.errorLines.first
                    == "entrypointctl: ENTRYPOINT_CONFIG of this process (/mine.yaml) is not used: with --env-file, the pod's "
                    + "environment is what the file has; a line ENTRYPOINT_CONFIG in it takes the value over",
                "\(outcome)")
            #expect(outcome.output.contains("SCRATCH_TIMEOUT (scratch.timeout) = 60  (default)"), "\(outcome)")
            try container.write("/pod.env", "NB_USER=jane\nENTRYPOINT_CONFIG\n")
            let taken = try container.run("show", "--env-file", "/pod.env")
            #expect(!taken.errors.contains("is not used"), "\(taken)")
            #expect(taken.output.contains("SCRATCH_TIMEOUT (scratch.timeout) = 5  (/mine.yaml:1)"), "\(taken)")
            container.environment["ENTRYPOINT_CONFIG"] = nil
            try container.write("/pod.env", "NB_USER=jane\n")
            #expect(try !container.run("show", "--env-file", "/pod.env").errors.contains("is not used"))
        }
    }

    @Test(arguments: ["", "identity: {sudo: none}\n", "identity: {sudo: all}\n"])
    func `an elevated start without granted sudo says so, and why`(configuration: ByteString) throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", configuration)
            container.environment["ENTRYPOINT_LOG"] = "info"
            let isGranted = configuration.text.contains("all")
            let shown =
                configuration.text.contains("sudo")
                ? "IDENTITY_SUDO (identity.sudo) = \(isGranted ? "all" : "none")  (/etc/entrypoint.yaml:1)"
                : "IDENTITY_SUDO (identity.sudo) = none  (default of an elevated start: the image does not grant it)"
            container.entrypoint = ["/usr/local/bin/entrypointctl", "config", "show"]
            let settings = try container.run()
            #expect(settings.outputLines.contains(shown), "\(settings)")
            // What the pod says of it is ignored.
            container.environment["IDENTITY_SUDO"] = "all"
            #expect(try container.run().outputLines.contains(shown))
            container.environment["IDENTITY_SUDO"] = nil
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            let boot = try container.boot("true")
            let told = isGranted ? "; sudo yes" : "; sudo no: not granted by the image (identity.sudo)"
            #expect(boot.exitCode == 0 && boot.log.last?.hasSuffix(told) == true, "\(boot)")
        }
    }
}
