private import CLinux

/// The limits that a boot with privileges changes for its own run, as they were before.
package struct StartingLimits: Sendable {
    private let fileSize = ResourceLimit.fileSize.values.soft
    private let coreFile = ResourceLimit.coreFile.values.soft
    private let processorTime = ResourceLimit.processorTime.values.soft
    private let openFiles = ResourceLimit.openFiles.values.soft
    private let processes = ResourceLimit.processes.values.soft

    /// The limits that apply now.
    package init() {}

    /// Restores the limits.
    package func restore() {
        ResourceLimit.fileSize.set(soft: fileSize)
        ResourceLimit.coreFile.set(soft: coreFile)
        ResourceLimit.processorTime.set(soft: processorTime)
        ResourceLimit.openFiles.set(soft: openFiles)
        ResourceLimit.processes.set(soft: processes)
    }

    /// Restores the memory limits that were raised before the program's first line.
    package static func restoreMemory() { linux_restore_limits() }
}
