/// What the user's command keeps of the capabilities that the container has (capabilities(7)).
package struct Capabilities: SettingGroup {
    package static let name = "capabilities"
    package static let title = "What the command keeps of the container's capabilities"

    static let keepSetting = FileSetting(
        "capabilities.keep", .list(of: ValueType<Int>.text(ValueFormats.capability)),
        Words(
            "Capabilities that the command has, if the pod spec gives them to the container", default: "none",
            example: "[IPC_LOCK]"))

    package static let fileSettings: [any SettingDeclaration] = [keepSetting]

    /// The numbers of the capabilities that the command keeps, each once.
    package let kept: [Int]

    /// Reads the settings, noting problems.
    package init(reading reader: inout SettingsReader) {
        let numbers = reader.value(Self.keepSetting) ?? []
        kept = numbers.indices.filter { !numbers[..<$0].contains(numbers[$0]) }.map { numbers[$0] }
    }
}
