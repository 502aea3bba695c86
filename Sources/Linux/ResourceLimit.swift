private import CLinux

/// A limit on what a process may use (getrlimit(2)).
package enum ResourceLimit: Sendable {
    case fileSize, openFiles, processes, coreFile, processorTime, addressSpace, data, stack

    private var number: __rlimit_resource_t {
        let resource =
            switch self {
            case .fileSize: RLIMIT_FSIZE
            case .openFiles: RLIMIT_NOFILE
            case .processes: __RLIMIT_NPROC
            case .coreFile: RLIMIT_CORE
            case .processorTime: RLIMIT_CPU
            case .addressSpace: RLIMIT_AS
            case .data: RLIMIT_DATA
            case .stack: RLIMIT_STACK
            }
        return __rlimit_resource_t(resource.rawValue)
    }

    /// The number that system calls know it by.
    package var resource: CInt { CInt(number) }

    /// The bytes of memory that a boot needs; the program has made sure of them before its first line.
    package static let memory: [(limit: ResourceLimit, enough: UInt64)] = [
        (.addressSpace, UInt64(linux_enough_address_space)), (.data, UInt64(linux_enough_data)),
        (.stack, UInt64(linux_enough_stack)),
    ]

    /// The current limit, and the one up to which the process may raise it.
    package struct Values: Equatable, Sendable {
        package let soft: UInt64
        package let hard: UInt64
    }

    /// The values; `.max` means no limit.
    package var values: Values {
        var limits = rlimit()
        guard getrlimit(number, &limits) == 0 else { return Values(soft: .max, hard: .max) }
        return Values(soft: UInt64(limits.rlim_cur), hard: UInt64(limits.rlim_max))
    }

    /// Sets the current limit.
    package func set(soft: UInt64) {
        var limits = rlimit()
        guard getrlimit(number, &limits) == 0 else { return }
        limits.rlim_cur = rlim_t(soft)
        _ = setrlimit(number, &limits)
    }
}
