internal import Boot
internal import Linux

/// What services write.
extension Keeper {
    /// How many times 16 KiB are taken from one service before another one's turn.
    private static var share: Int { 4 }

    /// Makes the pipe for a service's output, once for all of its runs.
    func prepareOutput(_ run: ServiceRun) throws(SystemCallError) {
        if run.output.writing >= 0 { return }
        if run.service.log == .none, let device = try? OpenFiles.nullDevice() {
            run.output.writing = device
            return
        }
        let pipe = try OpenFiles.makeReadPipe()
        do throws(SystemCallError) {
            try loop.watch(pipe.reading, .readable) { [unowned self] _ in take(run, times: Self.share) }
        } catch {
            OpenFiles.close(pipe.reading)
            OpenFiles.close(pipe.writing)
            throw error
        }
        run.output = pipe
    }

    /// Takes what there is, before something is said of the end.
    func drain(_ run: ServiceRun) { take(run, times: 2 * Self.share) }

    private func take(_ run: ServiceRun, times: Int) {
        guard run.output.reading >= 0 else { return }
        for _ in 0..<times {
            guard let count = OpenFiles.readSome(run.output.reading, into: buffer), count > 0 else { return }
            run.channel.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            if count < buffer.count { return }
        }
    }
}
