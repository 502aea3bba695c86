import TestSupport
import Testing

/// The real uv, in the caches that the boot has made for it.
@Suite(.containers)
struct UvTests {
    /// Whether the project lies on the device of the cache, and what follows for a file that uv installs: how many names
    /// it has when it is the cache's own file, and how many when it is a copy.
    static let places: [(isApart: Bool, mode: String, names: String)] = [(false, "default", "2"), (true, "copy", "1")]

    @Test(arguments: places)
    func `a virtual environment and what is installed into it use the user's cache`(
        isApart: Bool, mode: String, names: String
    ) throws {
        try withRunDirectory { wheels in
            try withPod { container in
                try container.makeWheel(in: wheels)
                container.mounts = [.bind(wheels, to: "/wheels", readOnly: true)]
                if isApart {
                    container.mounts.append(.memory("/project", "mode=777"))
                    container.environment["WORKING_DIR"] = "/project"
                }
                // There is no network.
                container.environment["UV_OFFLINE"] = "1"
                container.environment["UV_PYTHON_DOWNLOADS"] = "never"
                // uv itself opens its locks to everybody, below directories that nobody else may enter.
                let outcome = try container.boot(
                    "sh", "-c",
                    """
                    set -e
                    uv venv --quiet env
                    uv pip install --python env/bin/python /wheels/greeting-1.0-py3-none-any.whl
                    env/bin/python -c 'import greeting; print(greeting.text)'
                    echo ${UV_LINK_MODE-default} $(stat -c '%h %a %u:%g' env/lib/python3*/site-packages/greeting.py)
                    uv cache dir
                    uv python dir
                    stat -c '%a %u:%g' "$UV_CACHE_DIR" "$UV_PYTHON_INSTALL_DIR"
                    cd "$UV_CACHE_DIR"
                    find . -name greeting.py | wc -l
                    find . ! '(' -user jane -group lab ')'
                    find . -perm /007 ! -type l ! -name '*.lock'
                    """)
                #expect(outcome.exitCode == 0, "\(outcome)")
                let home = "/scratch/homes/jane"
                #expect(
                    outcome.outputLines == [
                        "hello from a wheel", "\(mode) \(names) 660 1000:2000", "\(home)/.cache/uv", "\(home)/.uv",
                        "770 1000:2000", "770 1000:2000", "1",
                    ], "\(outcome)")
                // uv would tell of a link that it could not make.
                #expect(
                    outcome.errorLines.last == " + greeting==1.0 (from file:///wheels/greeting-1.0-py3-none-any.whl)")
                #expect(!outcome.errors.contains("warning: "), "\(outcome)")
            }
        }
    }

    /// What another user may have made first, and which variables then lead there no more.
    static let foreign: [(path: String, variable: ByteString)] = [
        (".uv", "UV_PYTHON_INSTALL_DIR"), (".cache/uv", "UV_CACHE_DIR"), (".cache", "UV_CACHE_DIR"),
    ]

    /// uv runs the Pythons that it finds, and installs what is in its cache.
    @Test(arguments: foreign, [true, false])
    func `a cache that another user has made is not used`(
        foreign: (path: String, variable: ByteString), isPermitted: Bool
    ) throws {
        try withPod { container in
            let home = "/scratch/homes/jane"
            if isPermitted { try container.write("/etc/entrypoint.yaml", "scratch: {homeOwners: [1001]}\n") }
            try container.makeDirectory("\(home)", mode: 0o1770, user: 1000, group: 2000)
            if foreign.path == ".cache/uv" {
                try container.makeDirectory("\(home)/.cache", mode: 0o770, user: 1000, group: 2000)
            }
            try container.makeDirectory("\(home)/\(foreign.path)", mode: 0o777, user: 1001, group: 2000)
            let outcome = try container.boot("sh", "-c", "printenv \(foreign.variable) || echo nowhere")
            #expect(outcome.exitCode == 0, "\(outcome)")
            let usual = foreign.path == ".uv" ? "\(home)/.uv" : "\(home)/.cache/uv"
            #expect(outcome.output == (isPermitted ? "\(usual)\n" : "nowhere\n"), "\(outcome)")
            let warnings = outcome.log(of: "caches").filter { $0.contains("belongs to user") }
            let path = "\(home)/\(foreign.path)"
            #expect(
                warnings
                    == (isPermitted
                        ? []
                        : [
                            "warning: cannot use \(path): it belongs to user 1001, whose files there could run as user 1000; "
                                + "its owner or root can run chown 1000:2000 \(path), or the image's "
                                + "configuration can permit the owner: scratch.homeOwners: [1001]"
                        ]),
                "\(outcome)")
        }
    }

    @Test func `a link mode that uv does not know ends the boot, with those that it knows`() throws {
        for (value, nearest) in [("fast", ""), ("hardlnk", "; did you mean hardlink?")] {
            try withPod(.busybox) { container in
                container.environment["UV_LINK_MODE"] = ByteString(value)
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 78)
                #expect(
                    outcome.log == [
                        "settings: UV_LINK_MODE is '\(value)': not one of clone, copy, hardlink, symlink\(nearest)"
                    ], "\(outcome)")
            }
        }
    }
}

extension Container {
    /// Makes a wheel of one module in a directory of the machine, with the container's Python.
    fileprivate func makeWheel(in directory: String) throws {
        let information = "greeting-1.0.dist-info"
        for (name, text) in [
            ("greeting.py", "text = 'hello from a wheel'\n"),
            ("\(information)/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"),
            ("\(information)/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            ("\(information)/RECORD", "greeting.py,,\n\(information)/METADATA,,\n\(information)/WHEEL,,\n"),
        ] as [(String, ByteString)] { try write("/tmp/wheel/\(name)", text, mode: 0o664) }
        let (mounts, entrypoint, before) = (mounts, entrypoint, self.directory)
        defer { (self.mounts, self.entrypoint, self.directory) = (mounts, entrypoint, before) }
        self.mounts = [.bind(directory, to: "/wheels")]
        self.entrypoint = []
        self.directory = "/tmp/wheel"
        let outcome = try run(
            "python3", "-m", "zipfile", "-c", "/wheels/greeting-1.0-py3-none-any.whl", "greeting.py",
            ByteString(information))
        try #require(outcome.exitCode == 0, "\(outcome)")
    }
}
