import Boot
internal import Programs
internal import Text

/// What a job of several processes knows of itself, as PyTorch's `env://` reads it.
struct JobVariables {
    /// The numbers, by the names of their variables.
    static let numberNames = ["RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "NODE_RANK"]
    static let addressName = "MASTER_ADDR"
    static let portName = "MASTER_PORT"
    /// What `env://` cannot do without.
    static let required = [addressName, portName, "RANK", "WORLD_SIZE"]
    /// What a launcher such as torchrun is told; it sets the others.
    static let launcher = [addressName, portName]

    /// The values as they are set.
    let texts: [String: String]

    /// - Returns: `nil` where none of the variables is set.
    init?(_ facts: ContainerFacts) {
        var texts: [String: String] = [:]
        for name in Self.launcher + Self.numberNames { texts[name] = facts.variable(name) }
        guard !texts.isEmpty else { return nil }
        self.texts = texts
    }

    /// A number; `nil` for one that is not set, or is none.
    func number(_ name: String) -> Int? {
        texts[name].flatMap { text in
            text.utf8.count <= 9 && !text.isEmpty && text.utf8.allSatisfy { $0.isDigit } ? Int(text) : nil
        }
    }

    /// The port; `nil` for one that is not set, or is none.
    var port: UInt16? { number(Self.portName).flatMap { UInt16(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 } }
}
