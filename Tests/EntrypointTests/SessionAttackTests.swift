import Foundation
import TestSupport
import Testing

/// What one user of a container may put where another's shells look for the environment of the boot. With a snippet that
/// sources a file whose name it has looked at, each runs in the other's shell.
@Suite(.containers)
struct SessionAttackTests {
    /// What user 1001, who is in the group 2000 as user 1000 is, does before or while that user starts shells.
    struct Plant: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// What root has done before.
        var before = ""
        /// What the attacker does, in `sh`.
        var attack: String
        /// What the attacker goes on doing meanwhile.
        var race: String?
        /// What a person is told at a terminal.
        var told: String
    }

    /// The attacker's files in a directory: for the snippet that sources one, and for the one that does not.
    private static func plant(_ directory: String) -> String {
        """
        mkdir -p \(directory); echo 'export GAINED=gained' >\(directory)/environment.sh
        printf 'GAINED=gained\\0SCRATCH_HOME=/x\\0' >\(directory)/environment; echo 1000 >\(directory)/environment.user
        """
    }

    /// A boot as user 1000's own would have left it, with nothing of the attacker's.
    private static let usersOwn = """
        setpriv --reuid 1000 --regid 2000 --clear-groups sh -c 'umask 077; mkdir /dev/shm/entrypoint-1000
            cd /dev/shm/entrypoint-1000; echo : >environment.sh; printf "SCRATCH_HOME=/own\\0" >environment'
        """

    /// A file of the victim's that the group may write to, as the umask 007 leaves them, with the attacker's words.
    private static let shared = """
        setpriv --reuid 1000 --regid 2000 --clear-groups sh -c 'umask 007; echo >/dev/shm/notes; echo >/dev/shm/more'
        """
    private static let fillShared = """
        echo 'export GAINED=gained' >/dev/shm/notes; printf 'GAINED=gained\\0' >/dev/shm/more
        """

    static let plants = [
        Plant(
            testDescription: "a directory in a /run that all may write in", before: "chmod 0777 /run",
            attack: plant("/run/entrypoint"),
            told: "/run can be written to by others, or what is in it replaced"),
        Plant(
            testDescription: "a directory in a sticky /run", before: "chmod 1777 /run",
            attack: plant("/run/entrypoint"),
            told: "/run/entrypoint belongs to user 1001"),
        Plant(
            testDescription: "a directory exchanged for root's",
            before: "chmod 0777 /run; mkdir /run/entrypoint; printf 'X=1\\0' >/run/entrypoint/environment",
            attack: "mv /run/entrypoint /run/away; " + plant("/run/entrypoint"),
            told: "/run can be written to by others, or what is in it replaced"),
        Plant(
            testDescription: "a link in root's place to a directory of the attacker's", before: "chmod 1777 /run",
            attack: plant("/tmp/mine") + "\nln -s /tmp/mine /run/entrypoint",
            told: "/run/entrypoint is a symbolic link"),
        Plant(
            testDescription: "a link in the user's place, made before, to files of the user's that the group can write",
            before: shared,
            attack: """
                \(fillShared); mkdir /tmp/mine; ln -s /dev/shm/notes /tmp/mine/environment.sh
                ln -s /dev/shm/more /tmp/mine/environment; ln -s /tmp/mine /dev/shm/entrypoint-1000
                """, told: "/dev/shm/entrypoint-1000 is a symbolic link"),
        Plant(
            testDescription: "a directory of the attacker's with other names of the user's files", before: shared,
            attack: """
                \(fillShared); mkdir /dev/shm/entrypoint-1000; cd /dev/shm/entrypoint-1000
                ln /dev/shm/notes environment.sh; ln /dev/shm/more environment
                """, told: "/dev/shm/entrypoint-1000 belongs to user 1001"),
        Plant(
            testDescription: "a directory of the attacker's that is switched after the look at what is in it",
            before: shared,
            attack: plant("/dev/shm/entrypoint-1000") + """

                mkdir /tmp/users; ln -s /dev/shm/notes /tmp/users/environment.sh
                ln -s /dev/shm/more /tmp/users/environment; ln -s /tmp/users /dev/shm/link
                """,
            race: "probe exchange /dev/shm/entrypoint-1000 /dev/shm/link 100000000",
            told: "/dev/shm/entrypoint-1000 belongs to user 1001"),
        Plant(
            testDescription: "the user's own directory exchanged for a link, again and again",
            before: "chmod 0777 /dev/shm; " + usersOwn,
            attack: plant("/tmp/mine") + "\nln -s /tmp/mine /dev/shm/link",
            race: "probe exchange /dev/shm/entrypoint-1000 /dev/shm/link 100000000",
            told: "/dev/shm can be written to by others, or what is in it replaced"),
    ]

    private static let shells = ["sh -l", "bash -l", "zsh"]

    /// Has the attacker attack and the victim start shells with a snippet.
    ///
    /// - Returns: the outcome; the victim's shells say `gained` where the attacker's words have run.
    private func attempt(
        _ plant: Plant, snippet: ByteString, until: String, rounds: Int, isAtTerminal: Bool = false
    ) throws -> Outcome {
        try withContainer(.debian) { container in
            try container.write("/etc/profile.d/entrypoint.sh", snippet)
            try container.append("/etc/zsh/zshenv", "\n. /etc/profile.d/entrypoint.sh\n")
            container.terminal = isAtTerminal
            container.entrypoint = ["/bin/sh", "-c"]
            let victims = Self.shells.map { "victim \($0) -c 'echo ${GAINED-nothing}'" }
            return try container.run(
                ByteString(
                    """
                    attacker() { setpriv --reuid 1001 --regid 2000 --clear-groups sh -c "umask 0; $1"; }
                    victim() { setpriv --reuid 1000 --regid 2000 --clear-groups env -i HOME=/tmp PATH="$PATH" "$@"; }
                    \(plant.before)
                    attacker "$(cat <<'ATTACK'
                    \(plant.attack)
                    ATTACK
                    )" || echo failed
                    (while :; do attacker '\(plant.race ?? "sleep 5")'; done) >/tmp/rounds 2>&1 & racer=$!
                    round=0
                    while [ $round -lt \(rounds) ]; do
                        round=$((round + 1))
                        told=$(\(victims.joined(separator: "; ")))
                        case $told in *gained*) echo gained; \(until) ;; esac
                    done
                    echo "$told"
                    kill $racer
                    """), within: .seconds(300))
        }
    }

    @Test(arguments: plants) func `what another user plants runs in no shell of the user's`(plant: Plant) throws {
        let fixtures = ImageBuild.project + "/Tests/Fixtures/naive/profile.sh"
        let naiveSnippet = ByteString(try String(contentsOfFile: fixtures, encoding: .utf8))
        // A race that nobody has won in so many rounds is run again: the other test of it would show nothing.
        for last in [false, false, true] {
            let naive = try attempt(
                plant, snippet: naiveSnippet, until: "break", rounds: plant.race == nil ? 1 : 2000)
            if !last && plant.race != nil && !naive.outputLines.contains("gained") { continue }
            #expect(naive.outputLines.contains("gained") && !naive.output.contains("failed"), "\(naive)")
            break
        }

        let snippet = ByteString(
            try String(contentsOfFile: ImageBuild.project + "/docker/base/profile.sh", encoding: .utf8))
        let ours = try attempt(plant, snippet: snippet, until: ":", rounds: plant.race == nil ? 1 : 100)
        #expect(ours.outputLines == ["nothing", "nothing", "nothing"], "\(ours)")
        #expect(ours.errors.isEmpty, "no program that a shell starts finds a word that it does not expect: \(ours)")
        guard plant.race == nil else { return }
        let told = try attempt(plant, snippet: snippet, until: ":", rounds: 1, isAtTerminal: true)
        #expect(told.output.contains("entrypointctl: no environment of a boot: \(plant.told)"), "\(told)")
    }
}
