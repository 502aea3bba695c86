import TestSupport
import Testing

extension AttackTests {
    /// What the author of a pod spec may mount where root writes: a file or directory of somebody else's, on a volume that they
    /// shares. He can read it and not change it.
    static let mounted = [
        Attack(
            testDescription: "another's file mounted as the environment",
            prepare: { try mountVictim("keys", at: "/run/entrypoint/environment", in: $0) },
            script: "export X='\nssh-ed25519 key'; START true; \(hasChanged("keys"))",
            told: "cannot keep the report and the environment for later sessions in /run/entrypoint/environment: "
                + "device or resource busy (renameat EBUSY)"),
        Attack(
            testDescription: "another's file mounted as the record of whose it is",
            prepare: { try mountVictim("keys", at: "/run/entrypoint/environment.user", in: $0) },
            script: "START true; \(hasChanged("keys"))",
            told: "cannot keep the report and the environment for later sessions in /run/entrypoint/environment.user: "
                + "device or resource busy (unlinkat EBUSY)"),
        Attack(
            testDescription: "another's file mounted as the report",
            prepare: { try mountVictim("keys", at: "/run/entrypoint/report.jsonl", in: $0) },
            script: "export X='\nssh-ed25519 key'; START true; \(hasChanged("keys"))",
            told: "cannot keep the report and the environment for later sessions in /run/entrypoint/report.jsonl: "
                + "device or resource busy (renameat EBUSY)"),
        Attack(
            testDescription: "another's file mounted as the log of a boot that fails",
            prepare: { try mountVictim("notes", at: "/dev/termination-log", in: $0) },
            script: "SCRATCH_HOME=/dev/null/x START true; \(hasChanged("notes"))",
            told: "scratch: cannot look at /dev/null/x"),
        Attack(
            testDescription: "another's file mounted as passwd",
            prepare: { try mountVictim("notes", at: "/etc/passwd", in: $0) },
            script: "START true; \(hasChanged("notes"))", told: "NB_USER jane gets no entry in the account files: "),
        Attack(
            testDescription: "another's file mounted as group",
            prepare: { try mountVictim("notes", at: "/etc/group", in: $0) },
            script: "START true; \(hasChanged("notes"))", told: "NB_GROUP lab gets no entry in the account files: "),
        Attack(
            testDescription: "another's file mounted as passwd, whose image permits every name",
            prepare: {
                try $0.write("/etc/entrypoint.yaml", "identity: {names: ['*']}\n")
                try mountVictim("notes", at: "/etc/passwd", in: $0)
            }, script: "START true; \(hasChanged("notes"))",
            told: "cannot write /etc/passwd: /etc/passwd is on a mount, and an elevated start changes only what is the "
                + "image's own; see volumeMounts in the pod spec"),
        Attack(
            testDescription: "another's file mounted as group, whose image permits every name",
            prepare: {
                try $0.write("/etc/entrypoint.yaml", "identity: {names: ['*']}\n")
                try mountVictim("notes", at: "/etc/group", in: $0)
            }, script: "START true; \(hasChanged("notes"))", told: "cannot write /etc/group: /etc/group is on a mount, "
        ),
        Attack(
            testDescription: "another's file mounted as the rights of sudo",
            prepare: {
                try $0.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
                try mountVictim("notes", at: "/etc/sudoers.d/90-entrypoint", in: $0)
            }, script: "START true; \(hasChanged("notes"))",
            told: "cannot write /etc/sudoers.d/90-entrypoint: /etc/sudoers.d/90-entrypoint is on a mount, "),
        Attack(
            testDescription: "another's directory mounted as that of sudo",
            prepare: {
                try $0.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
                try mountVictim(at: "/etc/sudoers.d", in: $0)
            }, script: "START true; [ -e /scratch/victim/90-entrypoint ] && echo gained",
            told: "cannot write /etc/sudoers.d/90-entrypoint: /etc/sudoers.d is on a mount, "),
        Attack(
            testDescription: "a file to be removed in another's directory",
            prepare: {
                try mountVictim(at: "/etc/sudoers.d", in: $0)
                try $0.write("/scratch/victim/90-entrypoint", "", mode: 0o440, user: 1001)
            }, script: "START true; [ -e /scratch/victim/90-entrypoint ] || echo gained",
            told: "cannot remove /etc/sudoers.d/90-entrypoint: /etc/sudoers.d/90-entrypoint is on a mount, "),
        Attack(
            testDescription: "another's directory mounted as that of the homes",
            prepare: { try mountVictim(at: "/home", in: $0) },
            script: "START true; [ -e /scratch/victim/jane ] && echo gained",
            told: "cannot create /home/jane: permission denied (mkdirat EACCES as user 1000:2000)"),
        Attack(
            testDescription: "a closed directory of root's mounted where the environment is kept",
            prepare: {
                try $0.makeDirectory("/scratch/roots", mode: 0o711)
                try $0.write("/scratch/roots/gained", "")
                try $0.makeDirectory("/run/entrypoint")
                $0.mounts = [.bind("\($0.root)/scratch/roots", to: "/run/entrypoint")]
            }, script: "START true; ls /scratch/roots",
            told: "/run/entrypoint is a mount of the pod's, and not in memory: see volumeMounts in the pod spec"),
    ]

    /// What others may put in the place of what root has just made: an empty directory of a third one's.
    static let exchanged = [
        Attack(
            testDescription: "another's empty directory exchanged for the home that root has just made",
            prepare: {
                try $0.makeDirectory("/home", mode: 0o777)
                try $0.makeDirectory("/home/inbox", mode: 0o700, user: 1001)
            },
            script: """
                inbox=$(stat -c %i /home/inbox)
                setpriv --reuid 1002 --regid 1002 --clear-groups sh -c '
                    until [ "$made" ]; do made=$(ls -d /home/.*jane* /home/jane 2>/dev/null | head -n 1); done
                    mv "$made" /home/away; mv /home/inbox "$made"' &
                strace -qq -f -o /dev/null -e trace=mkdir,mkdirat -e inject=mkdir,mkdirat:delay_exit=500000 START true
                wait
                find /home -inum $inbox -user 1000 | grep -q . && echo gained
                """, naive: "entrypoint", isAsRoot: true,
            told: "ready: ")
    ]

    private static func hasChanged(_ name: String) -> String {
        "grep -qx victim /scratch/victim/\(name) && [ $(wc -l </scratch/victim/\(name)) = 1 ] || echo gained"
    }

    /// Makes a directory of somebody's that the caller may read, with a file in it if there is a name, and mounts either.
    private static func mountVictim(_ name: String? = nil, at path: String, in container: Container) throws {
        try container.makeDirectory("/scratch/victim", user: 1001)
        var source = "/scratch/victim"
        if let name {
            source += "/\(name)"
            try container.write(source, "victim\n", user: 1001)
        }
        container.mounts = [.bind(container.root + source, to: path)]
    }
}
