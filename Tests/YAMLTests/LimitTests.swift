import CMalloc
import Foundation
import Testing
import YAML

/// What hostile texts may cost.
struct LimitTests {
    /// The processor time that something takes: other than the time of day it does not depend on what else runs.
    private func seconds(_ body: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        body()
        return now() - start
    }

    @Test func `a text of the largest size is read and a byte more is not`() throws {
        let size = YAML.maximumSize
        #expect(size == 1_048_576)
        let text = "a: " + String(repeating: "b", count: size - 3)
        #expect(dump(try YAML.parse(Array(text.utf8))).hasPrefix("1:1 mapping\n"))
        #expect(refusals(text + "b") == ["f:1:1: the file is too large: at most 1048576 bytes are read"])
    }

    @Test func `10 MB are refused before anything is parsed`() {
        // Every line would be a problem.
        let text = [UInt8](repeating: 0xFF, count: 10_000_000)
        #expect(refusals(text) == ["f:1:1: the file is too large: at most 1048576 bytes are read"])
    }

    @Test(arguments: [
        ("[", "]", "f:1:65"), ("{a: ", "}", "f:1:257"), ("- ", "", "f:1:129"), ("[\n", "]", "f:65:1"),
    ])
    func `lists and mappings stand inside each other up to a limit`(
        opening: String, closing: String, position: String
    ) throws {
        func text(_ depth: Int) -> String {
            String(repeating: opening, count: depth) + "x" + String(repeating: closing, count: depth)
        }
        #expect(YAML.maximumDepth == 64)
        #expect(refusals(text(64)) == [])
        let refusal = ["\(position): more than 64 lists and mappings inside each other"]
        #expect(refusals(text(65)) == refusal)
        // Thousandths of a second; a parser that looks at each level for each token needs minutes.
        let needed = seconds { #expect(refusals(text(10_000)) == refusal) }
        #expect(needed < 2)
    }

    @Test(arguments: [
        "[", "{a: ", "- ", "- - ", "? ", "&a ", "!a ", "*a ", "a: b\n", "'", "\"\\n", "[],", "%a\n", "---\n", "\t",
    ])
    func `a long text costs seconds at most, whatever it repeats`(part: String) {
        let text = String(repeating: part, count: YAML.maximumSize / 4 / part.utf8.count)
        // Half a second where nothing is optimized; what is quadratic needs minutes.
        #expect(seconds { _ = refusals(text) } < 10)
    }

    @Test func `only the first problems of very many are kept`() {
        let lines = refusals(String(repeating: "- *a\n", count: 1000))
        #expect(lines.count == 51)
        #expect(lines[49].hasPrefix("f:50:3: aliases are not supported"))
        #expect(lines[50] == "f: there are more problems")
    }

    @Test func `what libyaml allocates is freed on all ways out`() async {
        await #expect(processExitsWith: .success) {
            let texts = [
                "a: [b, {c: 'd'}]\n", "a: &b !c d\n*b : e\n", "a: 'b", "a:\n\tb", "a: [b, {c: d\n",
                "%TAG !a! b\n---\na: b\n", "a: 1\n---\nb: 2\n", String(repeating: "[", count: 2000), "? [a]\n: b\n",
                "a: \"" + String(repeating: "b", count: 20_000) + "\\d\"", "\u{0}", "",
            ]
            func allocated() -> Int { Int(mallinfo2().uordblks) + Int(mallinfo2().hblkhd) }
            func parseAll() { for text in texts { _ = refusals(text) } }
            // The allocator's own lists fill up first.
            for _ in 0..<100 { parseAll() }
            let before = allocated()
            for _ in 0..<200 { parseAll() }
            // The smallest leak that a parse can have, 16 bytes, would be 3200.
            exit(allocated() - before < 3_000 ? 0 : 1)
        }
    }

    @Test func `want of memory is an error and not a crash`() async {
        await #expect(processExitsWith: .success) {
            // What is large is given back when it is freed, so that it cannot be used again below.
            mallopt(M_MMAP_THRESHOLD, 1 << 16)
            let text = Array(("a: \"" + String(repeating: "b", count: 1_000_000) + "\"").utf8)
            _ = refusals("a: b\nc: 'd")
            // The sixth number is the pages of data. A quarter of a megabyte more is too little for libyaml's copy.
            let numbers = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
            guard let numbers, numbers.count == 7, let pages = Int(numbers[5]) else { exit(2) }
            let resource = __rlimit_resource_t(RLIMIT_DATA.rawValue)
            var limit = rlimit()
            getrlimit(resource, &limit)
            limit.rlim_cur = rlim_t(pages * sysconf(Int32(_SC_PAGESIZE)) + 1 << 18)
            setrlimit(resource, &limit)
            let without = refusals(text)
            limit.rlim_cur = limit.rlim_max
            setrlimit(resource, &limit)
            let with = refusals(text)
            guard without == ["f:1:1: out of memory"] else { exit(3) }
            exit(with.isEmpty ? 0 : 4)
        }
    }
}
