import TestSupport
import Testing

/// Services under the keepers that a boot starts.
@Suite(.containers)
struct ServiceKeeperTests {
    @Test func `both examples of sshd let people in as soon as the command runs, and end with it`() throws {
        let key = try SSHKey()
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            container.environment["SSH_AUTHORIZED_KEYS"] = key.publicLine
            for name in ["sshd-root", "sshd-user"] {
                let text = try ServiceExampleTests.text(name)
                try container.write("/etc/entrypoint/conf.d/10-\(name).yaml", "\(text)")
            }
            let script: ByteString = """
                for port in 22 2222; do
                    ssh -p $port -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
                        -o LogLevel=ERROR jane@127.0.0.1 'echo $(id -un) is in $(pwd)'
                done
                entrypointctl services status sshd-user | grep -c 'ready *yes'
                """
            let boot = try container.boot("sh", "-c", script)
            #expect(boot.outputLines == ["jane is in /home/jane", "jane is in /home/jane", "1"], "\(boot)")
            #expect(boot.exitCode == 0 && boot.duration < .seconds(60), "\(boot)")
        }
    }

    @Test(arguments: [false, true])
    func `a keeper that the kernel ends for want of memory is told of, and ends the container where it is to`(
        isNeeded: Bool
    ) throws {
        try withPod { container in
            container.memory = 96 << 20
            let policy = isNeeded ? ", onFailure: stop" : ""
            try container.write(
                "/etc/entrypoint.yaml", "services: [{name: web, command: [/bin/sleep, 1000]\(policy)}]\n")
            // The kernel takes the keeper first, and then what has the memory.
            let script: ByteString = """
                keeper=$(pgrep -u jane -f 'services [r]un')
                echo 1000 | sudo -n tee /proc/$keeper/oom_score_adj >/dev/null
                python3 -c 'x = b"x" * (300 << 20)' || echo the other ended
                test -e /proc/$keeper || echo the keeper ended
                sleep 5; echo goes on
                """
            let boot = try container.boot("sh", "-c", script)
            if !isNeeded { #expect(boot.outputLines.prefix(2) == ["the other ended", "the keeper ended"], "\(boot)") }
            #expect(boot.exitCode == (isNeeded ? 125 : 0), "\(boot)")
            #expect(boot.output.contains("goes on") != isNeeded, "\(boot)")
            #expect(boot.errors.contains("keeper of services died (SIGKILL)"), "\(boot)")
        }
    }

    @Test func `services of the user's own file have the secrets that they name`() throws {
        try withPod { container in
            try container.write(
                "/scratch/homes/services.yaml",
                """
                services:
                  - name: own
                    command: [/bin/sh, -c, 'echo "$HF_TOKEN $WANDB_API_KEY" >/tmp/own; exec sleep 1000']
                    secrets: [HF_TOKEN]
                    ready: {file: /tmp/own}

                """, mode: 0o644)
            container.environment["ENTRYPOINT_USER_CONFIG"] = "/scratch/homes/services.yaml"
            container.environment["HF_TOKEN"] = "hf_secretsecret"
            container.environment["WANDB_API_KEY"] = "wandb_secretsecret"
            let boot = try container.boot("cat", "/tmp/own")
            #expect(boot.exitCode == 0 && boot.output == "hf_secretsecret \n", "\(boot)")
        }
    }

    @Test func `services end when an init is killed that is not process 1`() throws {
        try withPod { container in
            try container.write(
                "/etc/entrypoint.yaml",
                """
                services:
                  - name: web
                    command: [/bin/sh, -c, 'trap "echo ended >/tmp/web; exit" TERM; while :; do sleep 0.05; done']

                """)
            container.environment["ENTRYPOINT_MODE"] = "init"
            container.entrypoint = []
            let script: ByteString = """
                entrypoint sh -c 'echo up >/tmp/up; exec sleep 1000' & init=$!
                until test -e /tmp/up; do sleep 0.05; done; sleep 0.5
                kill -KILL $init; n=0
                until test -e /tmp/web || [ $n -ge 400 ]; do n=$((n + 1)); sleep 0.05; done; cat /tmp/web
                """
            let outcome = try container.run("sh", "-c", script)
            #expect(outcome.output == "ended\n", "\(outcome)")
        }
    }
}
