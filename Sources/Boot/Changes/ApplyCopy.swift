import Linux
import SystemPackage
internal import Text

extension Apply {
    /// Sees to it that a file or a tree has been copied.
    mutating func apply(_ change: CopyChange, by able: [Actor]) throws(BootError) -> Outcome {
        let destination = change.destination
        if try look(at: destination, as: able[0]) != nil {
            present.append(destination)
            return .already
        }
        guard try look(at: change.source, as: able[0]) != nil else {
            return .unneeded("the image has no \(change.source.shown())")
        }
        if mode == .dryRun {
            expected.append(destination)
            return .changed
        }
        let result: TreeCopy.Result
        do throws(SystemCallError) {
            result = try actors.acting(as: able[0]) { () throws(SystemCallError) in
                try TreeCopy.make(
                    of: change.source, at: destination, extent: .ordinaryFiles, umask: actors.workUmask, in: tree,
                    progress: keepWatchWaiting)
            }
        } catch {
            throw copyFailure("cannot copy", change.source, destination, error, as: able[0])
        }
        notes += result.leftOut.map {
            "\($0.shown()) is neither a file nor a directory nor a link and was not copied"
        }
        if let error = result.remains {
            notes.append(
                "a second copy of \(change.source.shown()) cannot be removed and remains at "
                    + "\((error.path ?? destination).shown()): \(error.reason) (\(error.symbol))")
        }
        present.append(destination)
        return result.isMade ? .changed : .already
    }

    /// An error of copying, which names the place in the original that cannot be read.
    func copyFailure(
        _ action: String, _ source: FilePath, _ destination: FilePath, _ error: SystemCallError, as actor: Actor
    ) -> BootError {
        let attempts = [Attempt(as: actors.words(actor), error)]
        guard let place = error.path, place.starts(with: source) else {
            return failure("\(action) \(source.shown()) to", destination, attempts)
        }
        let inside = place == source ? "" : ": \(place.shown())"
        return BootError(
            "\(action) \(source.shown()) to \(destination.shown())\(inside)", attempts: attempts,
            remedy: error.errno == .permissionDenied && error.call != "renameat2" && error.call != "renameat"
                ? "the user must be able to read all of \(source.shown())" : "")
    }
}
