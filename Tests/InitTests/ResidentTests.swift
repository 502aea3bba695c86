import Foundation
import TestSupport
import Testing

@Suite(.beside) struct ResidentTests {
    private func status(_ process: pid_t) throws -> [String: String] {
        let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        return Dictionary(
            uniqueKeysWithValues: text.split(separator: "\n").compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return parts.count == 2 ? (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)) : nil
            })
    }

    @Test func `the init keeps one capability, one thread and the standard streams, and can gain no privileges`()
        async throws
    {
        // Another descriptor, as a socket of systemd is one: for the command, not for the init.
        let fixture = try Fixture(
            ["sh", "-c", "echo ready; ls /proc/self/fd | tr '\\n' ' ' ; echo; exec sleep 60"],
            wrapper: ["sh", "-c", "exec 7</dev/null; cd /tmp; exec \"$@\"", "sh"])
        try await fixture.ready()
        let process = try await fixture.initProcess()
        let status = try status(process)
        let kill = "0000000000000020"
        #expect(status["CapPrm"] == kill && status["CapEff"] == kill)
        #expect(status["CapInh"] == "0000000000000000" && status["CapAmb"] == "0000000000000000")
        #expect(status["NoNewPrivs"] == "1")
        #expect(status["Threads"] == "1")
        #expect(status["Name"] == "init-fixture")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd") == "/")
        // The last one is closed when the init has noticed the command.
        try await fixture.until("the standard streams were the only ones") {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").sorted()) == ["0", "1", "2"]
        }
        try await fixture.until("the command listed its descriptors") { fixture.lines.count > 1 }
        #expect(fixture.lines[1].split(separator: " ").contains("7"))
        try await fixture.send(SIGTERM)
        try await fixture.end()
    }

    @Test func `the init has nothing of the environment, the command has all of it`() async throws {
        let secret = "secret-" + String(repeating: "x", count: 60_000)
        let fixture = try Fixture(
            ["sh", "-c", "echo ready; printf %s \"$WANDB_API_KEY\" | wc -c; exec sleep 60"],
            environment: ["WANDB_API_KEY": secret])
        try await fixture.ready()
        let block = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(try await fixture.initProcess())/environ"))
        #expect(block.allSatisfy { $0 == 0 })
        #expect(block.count > secret.utf8.count)
        try await fixture.until("the command measured") { fixture.lines.count > 1 }
        #expect(fixture.lines[1] == String(secret.utf8.count))
        try await fixture.send(SIGTERM)
        try await fixture.end()
    }

    @Test func `the init cannot be traced or read by a user whose process it is`() async throws {
        let look =
            "cat /proc/1/environ >/dev/null 2>&1 && echo read; strace -p 1 -o /dev/null true 2>&1 | grep -o 'not permitted'"
        let fixture = try Fixture(
            [
                "setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups", Fixture.program, "clean", "sh", "-c",
                look,
            ])
        // First as it is started by root: the init is root's, the command is not.
        try await fixture.end()
        #expect(fixture.lines == ["not permitted"])
        // Then as the user's own.
        let bare = try Fixture(
            [
                "sh", "-c",
                "echo init $PPID; cat /proc/$PPID/environ >/dev/null 2>&1 && echo read; strace -p $PPID -o /dev/null 2>&1 | grep -o 'not permitted'",
            ], place: .ordinary,
            wrapper: ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups", "--inh-caps=-all"])
        try await bare.end()
        #expect(bare.lines.count == 2 && bare.lines.last == "not permitted", "\(bare.lines) \(bare.errors)")
    }

    /// Keepers that wait.
    private static let keepers = ["--keeper", "root:plain", "--keeper", "user:later=exporter"]

    @Test(arguments: [[], keepers])
    func `the init sleeps while nothing happens`(options: [String]) async throws {
        let fixture = try Fixture(["sh", "-c", "echo ready; exec sleep 60"], options: options)
        try await fixture.ready()
        let process = try await fixture.initProcess()
        // The start is over when the init has noticed the command.
        try await Task.sleep(for: .milliseconds(300))
        func switches() throws -> [String?] {
            let status = try status(process)
            return [status["voluntary_ctxt_switches"], status["nonvoluntary_ctxt_switches"]]
        }
        let before = try switches()
        try await Task.sleep(for: .seconds(10))
        #expect(try switches() == before)
        try await fixture.send(SIGTERM)
        try await fixture.end()
    }

    @Test func `with keepers, the init is as small and keeps one pipe more`() async throws {
        let fixture = try Fixture(["sh", "-c", "echo ready; exec sleep 60"], options: Self.keepers)
        try await fixture.ready()
        let process = try await fixture.initProcess()
        try await fixture.until("a pipe was kept besides the standard streams") {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count) == 4
        }
        let status = try status(process)
        #expect(status["Threads"] == "1")
        // The program that was built with the tests has its libraries in memory as well.
        if Fixture.program != Fixture.builtProgram {
            #expect(try #require(status["VmRSS"]?.split(separator: " ").first.flatMap { Int($0) }) <= 3 * 1024)
        }
        #expect(try #require(status["RssAnon"]?.split(separator: " ").first.flatMap { Int($0) }) <= 2 * 1024)
        try await fixture.send(SIGTERM)
        try await fixture.end()
    }

    @Test(arguments: [[], keepers])
    func `the init takes no memory once the command runs`(options: [String]) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("init-count-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let count = folder.appendingPathComponent("count").path
        let library = try AllocationCounter.build(in: folder)
        let deaf = "trap '' TERM; echo deaf; exec sleep 60"
        let script =
            "trap 'exit 3' TERM; trap : USR1; echo ready; while [ ! -e \(folder.path)/go ]; do sleep 0.05; done; setsid sh -c \"\(deaf)\" & for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.01 &) ; done; while :; do sleep 0.05; done"
        let fixture = try Fixture(
            ["sh", "-c", script], options: options,
            environment: [
                "LD_PRELOAD": library, "ALLOCATIONS": count, "ENTRYPOINT_GRACE": "0.3",
                "ENTRYPOINT_WARN_REAPED": "true",
            ], program: Fixture.builtProgram)
        try await fixture.ready()
        try await Task.sleep(for: .milliseconds(300))
        let atStart = try Data(contentsOf: URL(fileURLWithPath: count)).count
        try #require(atStart > 0, "the counter does not count")
        _ = FileManager.default.createFile(atPath: folder.path + "/go", contents: nil)
        try await fixture.ready("deaf")
        for _ in 0..<20 { try await fixture.send(SIGUSR1) }
        try await fixture.until("orphans were reaped") {
            fixture.errors.components(separatedBy: "reaped orphan").count > 3
        }
        if options.isEmpty {
            try await fixture.send(SIGTERM)
        } else {
            // The service asks for the end.
            let children = Fixture.children(try await fixture.initProcess())
            let lines = children.map { try? String(contentsOfFile: "/proc/\($0)/cmdline", encoding: .utf8) }
            kill(try #require(zip(children, lines).first { $1?.contains("user:later") ?? false }?.0), SIGUSR1)
        }
        #expect(try await fixture.end().code == (options.isEmpty ? 3 : 125))
        #expect(options.isEmpty || fixture.errors.contains("; services ended in "))
        #expect(fixture.errors.contains("reaped orphan sleep ("))
        #expect(fixture.errors.contains("s and was killed: sleep ("))
        #expect(try Data(contentsOf: URL(fileURLWithPath: count)).count == atStart)
    }
}

/// A library that writes a byte to a file for each piece of memory that process 1 takes.
enum AllocationCounter {
    static func build(in folder: URL) throws -> String {
        let source = folder.appendingPathComponent("count.c")
        let library = folder.appendingPathComponent("count.so").path
        try Self.source.write(to: source, atomically: true, encoding: .utf8)
        var compiler = Program(["/usr/bin/env", "clang", "-shared", "-fPIC", "-O1", "-o", library, source.path])
        compiler.environment = Environment.inherited()
        let outcome = try compiler.run()
        try #require(outcome.exitCode == 0, "\(outcome)")
        return library
    }

    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <unistd.h>
        void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
        static void count(void) {
            if (getpid() != 1) return;
            const char *path = NULL;
            static char saved[4096];
            if (!saved[0] && (path = getenv("ALLOCATIONS"))) for (int i = 0; i < 4095 && path[i]; i++) saved[i] = path[i];
            int file = open(saved, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
            if (file < 0) return;
            write(file, "m", 1);
            close(file);
        }
        void *malloc(size_t n) { count(); return __libc_malloc(n); }
        void *calloc(size_t n, size_t m) { count(); return __libc_calloc(n, m); }
        void *realloc(void *p, size_t n) { count(); return __libc_realloc(p, n); }
        void *aligned_alloc(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
        int posix_memalign(void **p, size_t a, size_t n) { count(); *p = __libc_memalign(a, n); return *p ? 0 : 12; }
        """
}
