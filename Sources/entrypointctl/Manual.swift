import ArgumentParser
import Text
import UserSide

struct Manual: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a page of the manual in the format of man(7), or the names of all pages.",
        discussion: """
            The pages are made from the declarations of the commands and of the boot.

              entrypointctl manual
              entrypointctl manual entrypoint.1 | man -l -

            Ends with 0, or with 64 when there is no such page.
            """,
        shouldDisplay: false)

    @Flag(help: "Print the names as a JSON array, or the page as a JSON object.")
    var json = false

    @Argument(help: "The page, such as entrypoint.1; the names of all without it.")
    var page: String?

    func run() throws {
        let pages = try Self.pages()
        guard let page else {
            let names = pages.map(\.file)
            if json { return try Console.print(.array(names.map { .string($0) })) }
            return try Console.print(names.map { $0 + "\n" }.joined())
        }
        guard let found = pages.first(where: { $0.file == page }) else {
            throw ValidationError("there is no page '\(page.shown())'; entrypointctl manual prints the names of all")
        }
        if json {
            try Console.print(.object([("page", .string(found.file)), ("source", .string(found.source))]))
        } else {
            try Console.print(found.source)
        }
    }

    private static func pages() throws -> [ManualPage] {
        do throws(FormatError) {
            let description = try JSON(reading: EntrypointControl._dumpHelp().utf8)
            return [EntrypointPage.page] + (try CommandPages.all(of: description))
        } catch {
            throw ValidationError(error.expected)
        }
    }
}
