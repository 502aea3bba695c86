import Foundation
import TestSupport
import Testing

/// The parts form no circles.
struct LayeringTests {
    @Test func `a target imports only what stands below it`() throws {
        let files = try Layering.files(below: "Sources")
        #expect(files.count > 100)
        #expect(Layering.imports(of: files) == [])
        #expect(Layering.dependencies(in: try String(contentsOf: Golden.url("Package.swift"), encoding: .utf8)) == [])
    }

    @Test func `a folder of Boot names only its own types and those below it`() throws {
        let files = try Layering.files(below: "Sources/Boot")
        #expect(files.count > 50)
        let violations = Layering.namesInBoot(of: files)
        #expect(violations.sorted() == [])
    }

    @Test(
        arguments: [
            ("Text/A.swift", "import Linux", "imports Linux"),
            ("Linux/A.swift", "internal import YAML", "imports YAML"),
            ("YAML/A.swift", "import Linux", "imports Linux"), ("Programs/A.swift", "import Boot", "imports Boot"),
            ("Boot/Host/A.swift", "import Text\ninternal import Init\n", "imports Init"),
            ("Init/A.swift", "package import Boot", "imports Boot"),
            ("Boot/A.swift", "import Session", "imports Session"), ("Boot/A.swift", "import Boot", "imports Boot"),
            ("Session/A.swift", "@testable import entrypointctl", "imports entrypointctl"),
            ("entrypoint/A.swift", "import entrypointctl", "imports entrypointctl"),
            ("Boot/A.swift", "import Foundation", "imports Foundation"),
            ("Boot/A.swift", "private import Glibc", "imports Glibc"),
            ("Linux/A.swift", "import CLibyaml", "imports CLibyaml"),
            ("Elsewhere/A.swift", "", "is of no known target"),
        ])
    func `an import that leads up or aside is found`(path: String, text: String, violation: String) {
        #expect(Layering.imports(of: [(path, text)]) == ["\(path) \(violation)"])
    }

    @Test(
        arguments: [
            ("Boot/A.swift", "internal import Linux\nimport Programs\n// import Session\n"),
            ("Session/A.swift", "import Init\nimport Boot\nlet text = \"import Foundation\""), ("Text/A.swift", ""),
        ])
    func `an import that leads down is none`(path: String, text: String) {
        #expect(Layering.imports(of: [(path, text)]) == [])
    }

    @Test func `a dependency that leads up or aside is found`() {
        let manifest = """
            .target(name: "Text", swiftSettings: resident),
            .target(name: "Init", dependencies: ["Linux", system], swiftSettings: resident),
            .target(
                name: "Boot", dependencies: ["Linux", "Init"], swiftSettings: x),
            .executableTarget(
                name: "entrypoint",
                dependencies: [
                    "Boot", "entrypointctl",
                ]),
            .target(name: "Linux", dependencies: ["CLinux", "Programs"]),
            """
        #expect(
            Layering.dependencies(in: manifest) == [
                "Boot depends on Init", "entrypoint depends on entrypointctl", "Linux depends on Programs",
            ])
    }

    /// Ways in which a file of Host can name `Above`, a type of Steps.
    @Test(
        arguments: [
            "let a: Above", "let a: [String: Above?]", "func f() -> some Above { Above() }", "let a: any Above.Type",
            "extension Above {}", "extension Host { func f(_ a: borrowing Above) {} }", "let a = Above.name",
            "if case let a as Above = b {}", "let a = settings[Above.self]", "struct A: Above {}",
            "func f<Wanted: Above>(_: Wanted) {}", "let text = \"before \\(f(Above.name)) behind\"",
            "let text = \"\"\"\n    \\(Above.name)\n    \"\"\"", "/* not this */ let a = Above()",
            "// not this\nAbove()",
            "let quote = \"\\\"\"; let a = Above()", "typealias A = Above", "@Above var a = 1",
        ])
    func `a type from above is found`(text: String) {
        for kind in ["struct", "package enum", "final class", "package protocol", "public actor", "indirect enum"] {
            let files = [("Host/A.swift", text), ("Steps/Above.swift", "/// One.\n\(kind) Above {}")]
            #expect(Layering.namesInBoot(of: files) == ["Host/A.swift names Above of Steps/Above.swift"])
        }
    }

    @Test(
        arguments: [
            "// Above", "/* Above */", "/// ``Above``", "let a = \"Above\"",
            "let a = \"\"\"\n    Above \"Above\"\n    \"\"\"",
            "let a: Other.Above", "struct A { struct Above {}; let a: Above }", "let above = 1", "let a: AboveAll",
            "private enum Above {}", "let a = \"\\\\\"; // Above",
        ])
    func `what only looks like a type from above is none`(text: String) {
        let files = [("Host/A.swift", text), ("Steps/Above.swift", "struct Above {}")]
        #expect(Layering.namesInBoot(of: files) == [])
    }

    @Test(
        arguments: [
            ("Paths.swift", "Settings/B.swift", true), ("Attempt.swift", "BootSequence.swift", true),
            ("Settings/A.swift", "Host/B.swift", true), ("Host/Deep/A.swift", "People/B.swift", true),
            ("People/A.swift", "DropIns/B.swift", true), ("DropIns/A.swift", "Changes/B.swift", true),
            ("Changes/A.swift", "Steps/ssh/B.swift", true), ("Steps/A.swift", "Report/B.swift", true),
            ("Report/A.swift", "BootSequence.swift", true), ("BootSequence.swift", "Report/B.swift", false),
            ("Steps/ssh/A.swift", "Steps/B.swift", false), ("Host/A.swift", "Host/Deep/B.swift", false),
            ("Settings/A.swift", "Paths.swift", false), ("Preparation.swift", "BootSequence.swift", false),
        ])
    func `a folder knows those below it`(path: String, home: String, isViolation: Bool) {
        let violations = Layering.namesInBoot(of: [(path, "let b: B"), (home, "struct B {}")])
        #expect(violations == (isViolation ? ["\(path) names B of \(home)"] : []))
    }

    @Test func `a folder without a place in the order is found`() {
        #expect(Layering.namesInBoot(of: [("New/A.swift", "")]) == ["New/A.swift is in no known folder"])
    }

    @Test func `a type that is a file's own is not another's`() {
        let files = [("Host/A.swift", "let b: B"), ("Steps/B.swift", "private struct B {}\nstruct C {}")]
        #expect(Layering.namesInBoot(of: files) == [])
    }
}
