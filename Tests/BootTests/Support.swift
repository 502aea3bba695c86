import Boot
import Linux
import Programs
import Testing

/// A string of the environment or of the arguments.
func string(_ text: String) -> CString { CString(Array(text.utf8)) }

extension EnvironmentBlock {
    /// An environment of entries that are text.
    init(_ entries: String...) { self.init(entries.map(string)) }
}

/// The environment of a pod that gives all that is required, and nothing else.
enum Pod {
    static let required: [String: String] = [
        "NB_USER": "jane", "NB_UID": "254321", "NB_GROUP": "lab", "NB_GID": "83070",
        "SCRATCH_HOME_ROOT": "/scratch/homes", "WORKING_DIR": "/scratch/homes/jane/work",
    ]

    /// The required variables with some set to other bytes, and some left out.
    static func environment(
        _ changes: [String: [UInt8]] = [:], without missing: Set<String> = []
    ) -> EnvironmentBlock {
        var values = required.mapValues { Array($0.utf8) }
        values.merge(changes) { $1 }
        for name in missing { values[name] = nil }
        return EnvironmentBlock(values.sorted { $0.key < $1.key }.map { CString(Array("\($0.key)=".utf8) + $0.value) })
    }

    /// The settings of a pod with some variables set to other values.
    static func settings(_ changes: [String: String] = [:]) throws -> Settings {
        try Settings.read(from: environment(changes.mapValues { Array($0.utf8) }))
    }

    /// What the settings' reader finds wrong in an environment.
    static func problems(_ environment: EnvironmentBlock) -> [String] {
        do throws(SettingsError) {
            _ = try Settings.read(from: environment)
            return []
        } catch {
            return error.problems.map(\.text)
        }
    }

    /// The one thing wrong with a pod that has a variable with this value; `nil` when nothing is.
    static func problem(_ name: String, _ value: [UInt8]) -> String? {
        let found = problems(environment([name: value]))
        #expect(found.count <= 1)
        return found.first
    }
}
