internal import Linux

/// What the booting child tells the init, in memory that both share until the child executes the command.
///
/// The child writes and the init reads. Neither waits for the other: the init looks when its time has come.
struct BootWatch: Sendable {
    private let page: SharedPage

    private enum Number {
        static var isHandingOff: Int { 0 }
        static var changeStart: Int { 1 }
        static var changeLimit: Int { 2 }
        static var messageLength: Int { 3 }
        static var hasOptions: Int { 4 }
        static var isPrivileged: Int { 5 }
        // Beyond the message.
        static var keeperCount: Int { 128 }
        static var keepers: Int { 129 }
        static var hasStopRequests: Int { 131 }
    }
    private static var message: Range<Int> { 64..<1024 }
    private static var options: Range<Int> { 2048..<2048 + MemoryLayout<InitOptions>.size }

    init() throws(SystemCallError) {
        page = try SharedPage()
    }

    // MARK: The child's side

    /// Starts the clock on a change: the init ends the boot if it takes longer than `limit` nanoseconds.
    func begin(limit: UInt64, message: some Collection<UInt8>, now: UInt64) {
        let memory = page.bytes(BootWatch.message)
        var length = 0
        for byte in message.prefix(memory.count) {
            memory[length] = byte
            length += 1
        }
        page[number: Number.messageLength] = UInt64(length)
        page[number: Number.changeLimit] = limit
        page[number: Number.changeStart] = now
    }

    /// Stops the clock.
    func end() { page[number: Number.changeStart] = 0 }

    /// Gives the init the options that the boot has read.
    func configure(_ options: InitOptions) {
        page[number: Number.hasOptions] = 0
        page.bytes(BootWatch.options).storeBytes(of: options, as: InitOptions.self)
        page[number: Number.hasOptions] = 1
    }

    /// Tells the init that the boot is done and the next program is the command.
    func handOff() { page[number: Number.isHandingOff] = 1 }

    /// Tells the init whether the boot uses the privileges of the program's file.
    func usePrivileges(_ uses: Bool) { page[number: Number.isPrivileged] = uses ? 1 : 0 }

    /// Tells the init of a keeper; of more than ``maximumOfKeepers`` it takes no note.
    ///
    /// - Returns: whether there was space for it.
    func add(keeper: Int32, endsContainer: Bool) -> Bool {
        let count = page[number: Number.keeperCount]
        guard count < UInt64(BootWatch.maximumOfKeepers), keeper > 0 else { return false }
        page[number: Number.keepers + Int(count)] = UInt64(keeper) << 1 | (endsContainer ? 1 : 0)
        page[number: Number.keeperCount] = count + 1
        return true
    }

    /// Tells the init that a pipe with requests to stop is on its way.
    func announceStopRequests() { page[number: Number.hasStopRequests] = 1 }

    // MARK: The init's side

    /// How many keepers the init can look after.
    static var maximumOfKeepers: Int { 2 }

    /// How many keepers there are so far, in the order in which they were started.
    var keeperCount: Int { min(Int(clamping: page[number: Number.keeperCount]), BootWatch.maximumOfKeepers) }

    /// A keeper's process id, and whether its end ends the container.
    func keeper(_ index: Int) -> (process: Int32, endsContainer: Bool) {
        let entry = page[number: Number.keepers + index]
        return (Int32(truncatingIfNeeded: entry >> 1), entry & 1 == 1)
    }

    /// Whether the child has given a pipe with requests to stop.
    var hasStopRequests: Bool { page[number: Number.hasStopRequests] == 1 }

    /// Whether the boot uses the privileges of the program's file.
    var isPrivileged: Bool { page[number: Number.isPrivileged] == 1 }

    var isHandingOff: Bool { page[number: Number.isHandingOff] == 1 }

    /// The options that the boot has read; `nil` if it has not handed over any.
    var options: InitOptions? {
        guard page[number: Number.hasOptions] == 1 else { return nil }
        return page.bytes(BootWatch.options).loadUnaligned(as: InitOptions.self)
    }

    /// The time when the current change will have taken too long; `nil` if there is no change, or none with a limit.
    var changeEndsAt: UInt64? {
        let start = page[number: Number.changeStart]
        let limit = page[number: Number.changeLimit]
        guard start != 0, limit != 0 else { return nil }
        return start.addingReportingOverflow(limit).overflow ? nil : start + limit
    }

    /// What the init reports if the change takes too long, from the child.
    var message: UnsafeRawBufferPointer {
        let length = Int(clamping: page[number: Number.messageLength])
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(page.bytes(BootWatch.message)).prefix(length))
    }
}
