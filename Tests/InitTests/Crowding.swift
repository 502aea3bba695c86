import Testing

/// How many tests with real processes run at once: the times that they check hold on a machine that is not overrun.
struct Crowding: TestTrait, SuiteTrait, TestScoping {
    let isExclusive: Bool
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // Once for each test case.
        guard testCase != nil else { return try await function() }
        await Places.shared.take(all: isExclusive)
        do {
            try await function()
        } catch {
            await Places.shared.giveBack(all: isExclusive)
            throw error
        }
        await Places.shared.giveBack(all: isExclusive)
    }
}

extension Trait where Self == Crowding {
    /// The test runs beside a few others.
    static var beside: Crowding { Crowding(isExclusive: false) }
    /// The test runs alone: it makes so many processes that others would wait for theirs.
    static var alone: Crowding { Crowding(isExclusive: true) }
}

/// The places for tests, given in the order in which they were asked for.
private actor Places {
    static let shared = Places()
    private static let count = 6
    private var free = count
    private var waiting: [(need: Int, continuation: CheckedContinuation<Void, Never>)] = []

    func take(all: Bool) async {
        let need = all ? Places.count : 1
        if waiting.isEmpty && free >= need {
            free -= need
            return
        }
        await withCheckedContinuation { waiting.append((need, $0)) }
    }

    func giveBack(all: Bool) {
        free += all ? Places.count : 1
        while let next = waiting.first, free >= next.need {
            free -= next.need
            waiting.removeFirst()
            next.continuation.resume()
        }
    }
}
