package import Boot
package import Linux
internal import Text

/// Passes on what services write, and never waits for whoever reads it.
///
/// The pod's log is the standard error that the command has, too, so that it blocks: a thread writes there, and takes the
/// lines from a pipe. Another thread writes each file. What neither a pipe nor ``LogQueue/limit`` holds is dropped, and told
/// where it is missing.
package final class LogRelay {
    /// The severity of a line of the keeper's.
    package enum Level: String, Sendable { case debug, info, warning, error }

    /// The bytes that the kernel holds for the pod's log, so that a burst is not dropped while the thread begins to write.
    private static let podPipeSize = 1 << 20
    private static let filePipeSize = 1 << 18

    private let settings: LogSettings
    private let refusesLinks: Bool
    private let loop: EventLoop
    private let pod: LogPipe
    /// The keeper's own lines.
    private let queue: LogQueue
    private var channels: [LogChannel] = []
    private var files: [(channel: LogChannel, path: FilePath, pipe: LogPipe)] = []
    private let notes: NotePipe

    /// Starts the thread for the pod's log.
    ///
    /// - Parameters:
    ///   - settings: which lines of the keeper's are written, and the form of all.
    ///   - loop: tells when a pipe has room again.
    ///   - log: the descriptor of the pod's log.
    ///   - refusesLinks: whether a link in the path of a log file is an error, as it is for root.
    /// - Throws: the error of pipe2(2), pthread_create(3) or epoll_ctl(2).
    package init(
        _ settings: LogSettings, _ loop: EventLoop, log: Int32 = 2, refusesLinks: Bool
    ) throws(SystemCallError) {
        self.settings = settings
        self.loop = loop
        self.refusesLinks = refusesLinks
        notes = try NotePipe()
        pod = LogPipe(try LogWriter(.descriptor(log), pipeSize: Self.podPipeSize), loop)
        let format = LogFormat(settings.format, name: "")
        queue = LogQueue { lines in
            format.line(.warning, "\(lines.counted("message")) of the keeper dropped", .servicesLogDropped)
        }
        try loop.watch(notes.descriptor, .readable) { [weak self] _ in self?.tellNotes() }
    }

    /// Makes the way for a service's output.
    ///
    /// - Parameter secrets: the values to hide in it.
    package func open(_ service: Service, secrets: [[UInt8]]) -> LogChannel {
        var pipe: LogPipe?
        switch service.log {
        case .pod: pipe = pod
        case .none: break
        case .file(let path, let size, let keep):
            let target = LogWriter.Target.file(path, size: size, keep: keep, refusesLinks: refusesLinks)
            do throws(SystemCallError) {
                let writer = try LogWriter(
                    target, pipeSize: Self.filePipeSize, number: Int32(files.count), notes: notes.writingEnd)
                pipe = LogPipe(writer, loop)
            } catch {
                let words = "cannot start a thread that writes the log \(path.shown()), so that its lines are lost"
                say(.warning, service.name, Note(.servicesLogFile, words, error))
            }
        }
        let channel = LogChannel(service, secrets, LogFormat(settings.format, name: service.name), pipe)
        channels.append(channel)
        if let pipe, case .file(let path, _, _) = service.log { files.append((channel, path, pipe)) }
        return channel
    }

    /// The way of a service that has been opened.
    package func channel(_ name: String) -> LogChannel? { channels.first { $0.name == name } }

    /// Says something about a service in the pod's log, if its reader wants lines of that level.
    ///
    /// - Parameters:
    ///   - service: its name; `nil` for the keeper itself.
    ///   - id: what a warning or an error is.
    package func say(_ level: Level, _ service: String?, _ text: String, _ id: MessageIdentifier? = nil) {
        let isWanted =
            switch settings.level {
            case .quiet: level == .warning || level == .error
            case .info: level != .debug
            case .debug: true
            }
        guard isWanted else { return }
        let line = LogFormat(settings.format, name: service ?? "").line(level, text, id)
        if !line.withUnsafeBytes({ pod.put($0, of: queue) }) { queue.drop(1) }
        pod.sendAll()
        if let service { channel(service)?.note(text) }
    }

    /// Warns of something, or tells an error.
    package func say(_ level: Level, _ service: String?, _ note: Note) {
        say(level, service, settings.level == .debug ? note.whole : note.text, note.id)
    }

    /// Writes what is pending, as far as it is read in time. Nothing may be given to the relay afterwards.
    ///
    /// - Parameter deadline: nanoseconds on the monotonic clock.
    package func finish(deadline: UInt64) {
        for channel in channels { channel.finish() }
        let now = Clock.monotonic
        // A disk that hangs leaves time for the pod's log.
        let middle = deadline > now ? now + (deadline - now) / 2 : now
        for file in files { file.pipe.finish(by: middle) }
        for file in files { _ = file.pipe.writer.hasEnded(by: middle) }
        tellNotes()
        loop.unwatch(notes.descriptor)
        pod.finish(by: deadline)
        _ = pod.writer.hasEnded(by: deadline)
    }

    /// Tells what the threads of files could not do.
    private func tellNotes() {
        while let note = notes.next() {
            guard files.indices.contains(Int(note.number)) else { continue }
            let (channel, path, _) = files[Int(note.number)]
            say(.warning, channel.name, Self.words(note, path))
        }
    }

    private static func words(_ note: LogWriter.Note, _ path: FilePath) -> Note {
        let path = path.shown()
        func failure(_ words: String, _ call: String) -> Note {
            Note(.servicesLogFile, words, SystemCallError(call: call, errno: note.errno))
        }
        switch note.event {
        case .notOpened: return failure("lines are lost until the log \(path) can be opened", "openat")
        case .notAFile:
            return Note(.servicesLogFile, "lines are lost, because the log \(path) is there and is no regular file")
        case .notRotated: return failure("lines are lost until the log \(path) can be renamed to \(path).1", "renameat")
        case .notWritten: return failure("lines are lost until the log \(path) can be written", "write")
        case .recovered:
            let lines = Int(clamping: note.lost).counted("line")
            return Note(.servicesLogFile, "the log \(path) is written again; \(lines) of it lost")
        }
    }
}
