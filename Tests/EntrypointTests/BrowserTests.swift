import Foundation
import Glibc
import TestSupport
import Testing

/// A boot in a real browser. The pictures that it takes stay in `.build/screenshots`, for people to look at.
@Suite(.containers)
struct BrowserTests {
    /// A picture that the browser has taken.
    private struct Picture {
        var width: Int
        var height: Int
        /// Three bytes for each point: red, green and blue.
        var bytes: [UInt8]

        /// Reads a PNG file.
        init(_ file: String) throws {
            let outcome = try Program(["/usr/bin/pngtopnm", file]).run()
            let bytes = outcome.standardOutput.bytes
            let head = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 3, omittingEmptySubsequences: false)
            let words = head.prefix(3).flatMap { String(decoding: $0, as: UTF8.self).split(separator: " ") }
            guard words.count == 4, words[0] == "P6", let width = Int(words[1]), let height = Int(words[2]),
                head.count == 4
            else { throw TestFailure("no picture in \(file): \(outcome.errors)") }
            (self.width, self.height, self.bytes) = (width, height, Array(head[3]))
        }

        func colour(_ x: Int, _ y: Int) -> [UInt8] { Array(bytes[((y * width + x) * 3)...].prefix(3)) }

        /// How many colours it has, up to a limit.
        func colours(limit: Int) -> Int {
            var found: Set<Int> = []
            for start in stride(from: 0, to: bytes.count - 2, by: 3) {
                found.insert(Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2]))
                if found.count >= limit { break }
            }
            return found.count
        }

        /// Whether some point has a colour.
        func has(_ colour: [UInt8]) -> Bool {
            stride(from: 0, to: bytes.count - 2, by: 3).contains { bytes[$0...].prefix(3).elementsEqual(colour) }
        }
    }

    /// A boot with changes, warnings, a failure and steps of its own.
    private static func report(_ option: ByteString) throws -> String {
        try withPod { container in
            try container.write("/etc/entrypoint/steps.d/10-slow", "#!/bin/sh\nsleep 0.04\n", mode: 0o755)
            try container.write("/etc/entrypoint/user-steps.d/10-bad", "#!/bin/sh\nexit 1\n", mode: 0o755)
            try container.write(
                "/etc/entrypoint.yaml",
                "steps: [{name: bad, command: [/bin/false], onFailure: warn, after: caches}]\n")
            try container.remove("/etc/entrypoint/user-steps.d/10-bad")
            let key = try SSHKey().base64
            container.environment = container.environment.with([
                "SSH_PRIVATE_KEY_B64": key, "WANDB_API_KEY": "a-secret-of-jane", "ENTRYPOINT_LOG": "quiet",
            ])
            try container.makeDirectory("/scratch/homes/jane", mode: 0o770, user: 1000, group: 2000)
            try container.makeDirectory("/scratch/homes/jane/.uv", user: 1001)
            let running = try container.start("/bin/sh", "-c", "echo up; exec sleep 600")
            try running.waitForOutput("up")
            try running.signal(SIGTERM)
            _ = try running.wait()
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            let outcome = try container.run("report", option, "-")
            #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
            return outcome.output
        }
    }

    @Test(arguments: ["html", "svg"])
    func `a report is drawn by a browser, on a light ground and on a dark one`(form: String) throws {
        let text = try Self.report(ByteString("--" + form))
        let artefacts = Golden.url(".build/screenshots").path
        try FileManager.default.createDirectory(atPath: artefacts, withIntermediateDirectories: true)
        try withRunDirectory { directory in
            let file = "\(directory)/report.\(form)"
            try text.write(toFile: file, atomically: false, encoding: .utf8)
            for (scheme, setting) in [("light", 1), ("dark", 0)] {
                let picture = "\(artefacts)/report-\(form)-\(scheme).png"
                try? FileManager.default.removeItem(atPath: picture)
                var chromium = Program([
                    "/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--hide-scrollbars", "--no-first-run", "--user-data-dir=\(directory)/\(scheme)",
                    "--window-size=1280,\(form == "html" ? 2400 : 1100)",
                    "--blink-settings=preferredColorScheme=\(setting)",
                    "--screenshot=\(picture)", "file://\(file)",
                ])
                chromium.environment = chromium.environment.with(["HOME": ByteString(directory)])
                let outcome = try chromium.run(within: .seconds(60))
                let drawn = try Picture(picture)
                #expect(drawn.width == 1280 && drawn.colours(limit: 40) == 40, "\(outcome)")
                let ground: [UInt8] = scheme == "dark" ? [0x0D, 0x11, 0x17] : [0xFF, 0xFF, 0xFF]
                let changed: [UInt8] = scheme == "dark" ? [0x3F, 0xB9, 0x50] : [0x1A, 0x7F, 0x37]
                let failed: [UInt8] = scheme == "dark" ? [0xF8, 0x51, 0x49] : [0xCF, 0x22, 0x2E]
                #expect(drawn.colour(4, 4) == ground, "\(scheme): \(outcome)")
                #expect(drawn.has(changed) && drawn.has(failed), "\(scheme): \(outcome)")
            }
        }
    }
}
