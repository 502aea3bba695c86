import Boot
import CStart
import Linux
import Session

@main
enum Entrypoint {
    static func main() {
        let started = Clock.monotonic
        let code: Int32
        switch CommandLineRequest(ProcessStart.arguments) {
        case .boot(let request): code = BootRun.run(request, started: started)
        case .help:
            StandardStream.output.write(Array(CommandLineRequest.helpText.utf8))
            code = 0
        case .version:
            StandardStream.output.write(Array("entrypoint \(Version.text(of: start_commit()))\n".utf8))
            code = 0
        case .mistake(let mistake): code = BootRun.refuse(mistake)
        }
        CurrentProcess.exit(code)
    }
}
