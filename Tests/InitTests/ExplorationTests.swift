import Init
import Testing

/// Every sequence of events, and after each of them every way to the end. What must hold is in ``World``: nobody who has
/// ended is signalled; no keeper is told before the command has ended, nor twice, and root's only after the user's; KILL
/// never comes before its time; the exit code is right; there is one end, and it always comes.
struct ExplorationTests {
    struct Scene: Sendable, CustomTestStringConvertible {
        let keepers: [Bool]
        let isBooting: Bool
        let stopTimeout: UInt64

        var testDescription: String {
            "\(isBooting ? "booting" : "running"), keepers \(keepers), stop timeout \(stopTimeout / World.second) s"
        }
    }

    static let scenes: [Scene] = [[], [true], [true, false], [false, true]].flatMap { keepers in
        [false, true].flatMap { isBooting in
            (keepers.count < 2 ? [0, 5 * World.second] : [0]).map {
                Scene(keepers: keepers, isBooting: isBooting, stopTimeout: $0)
            }
        }
    }

    /// How many events a sequence has.
    private static let depth = 8

    @Test(arguments: scenes)
    func `whatever happens, in any order, the end is right and comes`(scene: Scene) throws {
        let start = World(keepers: scene.keepers, isBooting: scene.isBooting, stopTimeout: scene.stopTimeout)
        var worlds: [(world: World, course: [World.Event])] = [(start, [])]
        var known: Set<Int> = [start.key]
        var knownEnds = World.Manners.allCases.map { _ in Set<Int>() }
        var ends = 0
        // With two keepers there are many sequences even of those events that come on time.
        let events = World.Event.allCases.filter { $0 != .secondPasses || scene.keepers.count < 2 }
        for _ in 0..<Self.depth {
            var next: [(world: World, course: [World.Event])] = []
            for (world, course) in worlds {
                for event in events {
                    var after = world
                    guard after.happens(event) else { continue }
                    // Equal states have the same future.
                    guard known.insert(after.key).inserted else { continue }
                    let course = course + [event]
                    try #require(after.fault == nil, "\(after.fault!) after \(course)")
                    if after.exit != nil {
                        ends += 1
                        continue
                    }
                    for (index, manners) in World.Manners.allCases.enumerated() {
                        var last = after
                        last.playOut(manners, known: &knownEnds[index])
                        try #require(last.fault == nil, "\(last.fault!) after \(course), \(manners)")
                    }
                    next.append((after, course))
                }
            }
            worlds = next
        }
        #expect(known.count > 500 && ends > 20, "\(known.count) states, \(ends) ends")
    }
}
