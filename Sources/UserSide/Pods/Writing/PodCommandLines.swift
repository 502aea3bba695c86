internal import Boot
internal import Linux
internal import Text

/// The command lines that start a user's container elsewhere than by a pod spec.
extension PodSpecWriter {
    /// `runai submit`, which takes every secret from the cluster's.
    package var runai: PodSpecCommand {
        var lines = [["runai", options.nodes > 1 ? "submit-dist" : "submit"]]
        if options.nodes > 1 { lines[0] += ["pytorch"] }
        lines.append(["--name", names.name])
        if let namespace = names.namespace {
            let prefix = "runai-"
            lines.append([
                "--project", namespace.hasPrefix(prefix) ? String(namespace.dropFirst(prefix.count)) : namespace,
            ])
        }
        lines.append(["--image", request.image])
        if options.nodes > 1 { lines.append(["--workers", "\(options.nodes - 1)"]) }
        if options.accelerators.count > 0 { lines.append(["--gpu", "\(options.accelerators.count)"]) }
        if options.kind == .deployment || options.command.isEmpty { lines.append(["--interactive"]) }
        if options.start != .root {
            lines.append(["--run-as-uid", "\(request.owner.uid)"])
            lines.append(["--run-as-gid", "\(request.owner.gid)"])
        }
        if options.start == .user { lines.append(["--allow-privilege-escalation"]) }
        if let path = names.mountPath {
            lines.append(["--existing-pvc", "claimname=\(names.claim),path=\(path)"])
        }
        if options.kind.hasNodes || options.accelerators.count > 0 { lines.append(["--large-shm"]) }
        lines += (request.identity + request.variables).map { ["--environment", "\($0.name)=\($0.value)"] }
        lines += request.secrets.map { ["--environment", "\($0.name)=SECRET:\(names.secret),\($0.name)"] }
        // Without --command, these are the arguments of the image's ENTRYPOINT.
        lines.append(["--"] + command)
        return PodSpecCommand(words: ShellWords(lines: lines))
    }

    /// `docker run`, which takes the secrets from its own environment.
    package var docker: PodSpecCommand {
        var lines = [["docker", "run", "--rm"]]
        if options.command.isEmpty { lines.append(["--interactive", "--tty"]) }
        lines.append(["--name", names.name])
        switch options.start {
        case .root: lines.append(["--user", "0:0"])
        case .user: lines.append(["--user", "\(request.owner.uid):\(request.owner.gid)"])
        case .restricted:
            lines.append(["--user", "\(request.owner.uid):\(request.owner.gid)"])
            lines.append(["--cap-drop", "ALL", "--security-opt", "no-new-privileges"])
        }
        lines.append(["--stop-timeout", "\(request.gracePeriod)"])
        if options.accelerators.count > 0 {
            // AMD's are devices of the machine, and all of them.
            let isAMD = options.accelerators.resource.hasPrefix("amd.")
            lines.append(
                isAMD
                    ? ["--device", "/dev/kfd", "--device", "/dev/dri"] : ["--gpus", "\(options.accelerators.count)"])
        }
        if options.kind.hasNodes || options.accelerators.count > 0 { lines.append(["--shm-size", "8g"]) }
        lines += (request.identity + request.variables).map { ["--env", "\($0.name)=\($0.value)"] }
        // By name alone: docker takes the value from its own environment.
        lines += request.secrets.filter { $0.source == nil }.map { ["--env", $0.name] }
        for secret in request.secrets {
            guard let source = secret.source else { continue }
            let path = FilePath(CurrentProcess.directory).pushing(FilePath(source)).lexicallyNormalized().string
            let target = "\(PodTemplateWriter.secretDirectory)/\(secret.name)"
            lines.append(["--volume", "\(path):\(target):ro"])
            lines.append(["--env", "\(secret.name)\(SecretFile.suffix)=\(target)"])
        }
        if let path = names.mountPath { lines.append(["--volume", "\(names.claim):\(path)"]) }
        lines.append([request.image] + options.command)
        return PodSpecCommand(words: ShellWords(lines: lines))
    }

    /// Which directories of the pod are not on its volume, each with the line.
    package var notesOfPlaces: [String] {
        guard let mount = names.mountPath.map({ FilePath($0) }) else { return [] }
        let places = [PodVariables.scratchRoot, PodVariables.scratchHome, PodVariables.workingDirectory].map { $0.name }
        return (places + ["HF_HOME"]).compactMap { name in
            guard let entry = request.entries[name], !FilePath(entry.value).starts(with: mount) else { return nil }
            let words =
                "\(name) is not below \(mount.string.shown()), where the volume is mounted: what is there is lost"
            return PodSpecProblem(entry.line, words).text(in: request.file)
        }
    }

    /// What `docker run` needs in its environment, where this process's own has it not.
    ///
    /// - Parameter environment: gives this process's variables.
    package func dockerNotes(_ environment: (String) -> String?) -> [String] {
        let names = request.secrets.filter { secret in
            secret.source == nil && environment(secret.name).map { Array($0.utf8) } != secret.value
        }.map { $0.name }
        guard !names.isEmpty else { return [] }
        return [
            "docker takes \(names.joined(separator: ", ")) from its environment, which has other values, or none: export "
                + "them first, by hand, or by set -a; . FILE; set +a of a file that a shell can read"
        ]
    }

    /// What `kubectl` is told of the namespace.
    package var namespaceOption: [String] { names.namespace.map { ["--namespace", $0] } ?? [] }

    /// How a person enters the pod; `nil` where it ends by itself.
    package var entering: PodSpecCommand? {
        let target: String
        switch options.kind {
        case .pod: target = names.name
        case .deployment: target = "deployment/\(names.name)"
        case .statefulset: target = "\(names.name)-0"
        case .job, .pytorchjob, .jobset: return nil
        }
        let program = options.injected == nil ? "entrypointctl" : "/entrypoint/entrypointctl"
        return PodSpecCommand(["kubectl", "exec"] + namespaceOption + ["-it", target, "--", program, "exec"])
    }

    private var command: [String] { options.command.isEmpty ? ["sleep", "infinity"] : options.command }
}

/// A command line.
package struct PodSpecCommand: Sendable {
    let words: ShellWords

    /// - Parameter words: the program and its arguments, on one line.
    package init(_ words: [String]) { self.words = ShellWords(lines: [words]) }

    init(words: ShellWords) { self.words = words }

    /// As a shell reads it.
    package var text: String { words.text }
    /// Its words.
    package var arguments: [String] { words.words }
}
