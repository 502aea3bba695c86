import Foundation
import TestSupport
import Testing

/// `docker/base/download`: what an image gets that no package of the distribution has.
@Suite(.containers)
struct DownloadTests {
    /// Makes a directory with the script, with packages that are installed already, and with an index that has uv 9.9.
    private static let preparation = """
        mkdir -p index/uv wheel/uv-9.9.dist-info wheel/uv-9.9.data/scripts
        cp "$1/docker/base/download" . && printf '#!/bin/sh\n' >install-packages && chmod 755 install-packages
        cd wheel
        printf 'Metadata-Version: 2.1\nName: uv\nVersion: 9.9\n' >uv-9.9.dist-info/METADATA
        printf 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n' >uv-9.9.dist-info/WHEEL
        for name in uv uvx; do printf '#!/bin/sh\necho this is %s\n' $name >uv-9.9.data/scripts/$name; done
        chmod 755 uv-9.9.data/scripts/*
        find . -type f | sed 's/^..//; s/$/,,/' >../record && mv ../record uv-9.9.dist-info/RECORD
        echo uv-9.9.dist-info/RECORD,, >>uv-9.9.dist-info/RECORD
        python3 -m zipfile -c ../index/uv/uv-9.9-py3-none-any.whl uv-9.9.dist-info uv-9.9.data
        cd ../index/uv && echo '<a href="uv-9.9-py3-none-any.whl">uv-9.9-py3-none-any.whl</a>' >index.html
        sha256sum uv-9.9-py3-none-any.whl | cut -d ' ' -f 1
        """

    /// The body gets the directory, and the SHA-256 of the wheel.
    private func withIndex(_ body: (_ directory: String, _ hash: String) throws -> Void) throws {
        try withRunDirectory { directory in
            var shell = Program(["/bin/sh", "-ec", Self.preparation, "sh", ImageBuild.project])
            shell.directory = directory
            let made = try shell.run()
            try #require(made.exitCode == 0, "\(made)")
            try body(directory, try #require(made.outputLines.last))
        }
    }

    private func download(_ changes: Environment, in directory: String) throws -> Outcome {
        var script = Program("/bin/sh", ["\(directory)/download", "\(directory)/downloaded"])
        script.environment = Environment.container.with(["PIP_INDEX_URL": "file://\(directory)/index"]).with(changes)
        return try script.run(within: .seconds(60))
    }

    private static let other = String(repeating: "0", count: 64)

    /// `UV_SHA256`, in which `HASH` stands for the wheel's own, and whether uv is installed.
    static let hashes: [(text: String, isInstalled: Bool)] = [
        ("", true), ("HASH", true), ("\(other) HASH", true), (other, false),
    ]

    @Test(arguments: hashes) func `with a checksum no other file of uv is installed`(text: String, isInstalled: Bool)
        throws
    {
        try withIndex { directory, hash in
            let outcome = try download(
                ["UV_VERSION": "9.9", "UV_SHA256": ByteString(text.replacing("HASH", with: hash))], in: directory)
            #expect((outcome.exitCode == 0) == isInstalled, "\(outcome)")
            let uv = directory + "/downloaded/bin/uv"
            if isInstalled {
                let told = try Program([uv]).run()
                #expect(told.output == "this is uv\n", "\(told)")
            } else {
                #expect(outcome.errors.contains("THESE PACKAGES DO NOT MATCH THE HASHES"), "\(outcome)")
                #expect(!FileManager.default.fileExists(atPath: uv))
            }
        }
    }

    /// Arguments that are wrong, and what is told.
    static let mistakes: [(changes: Environment, told: String)] = [
        (["UV_VERSION": "9.9 --hash=x"], "UV_VERSION is no version: letters, digits, dots, +, !, _ and - are expected"),
        (["UV_VERSION": "9.9", "UV_SHA256": "00"], wrongHash),
        (["UV_VERSION": "9.9", "UV_SHA256": "\(other) \(other.dropLast())g"], wrongHash),
        (["UV_SHA256": "\(other)"], "UV_SHA256 is the checksum of UV_VERSION, which is not set"),
        (["OH_MY_ZSH_COMMIT": "main"], "OH_MY_ZSH_COMMIT is no commit: 40 digits from 0 to f are expected"),
        (["OH_MY_ZSH_REPOSITORY": "https://jane:hunter2@git.example/a.git"], secret),
        (["OH_MY_ZSH_REPOSITORY": "jane:hunter2@git.example:a.git"], secret),
    ]
    private static let wrongHash =
        "UV_SHA256 is no SHA-256: 64 digits from 0 to f are expected, or several such, with blanks between"
    private static let secret = "OH_MY_ZSH_REPOSITORY has a user or a password: an address without is expected"

    @Test(arguments: mistakes) func `what is wrong is told before anything is downloaded`(
        changes: Environment, told: String
    ) throws {
        try withRunDirectory { directory in
            try FileManager.default.copyItem(
                atPath: ImageBuild.project + "/docker/base/download", toPath: directory + "/download")
            let outcome = try download(changes, in: directory)
            #expect(outcome.exitCode == 64 && outcome.errorLines == ["download: " + told], "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: directory + "/downloaded"))
        }
    }
}
