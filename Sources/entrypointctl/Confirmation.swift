import Linux

/// The question before something is done that nobody can undo.
enum Confirmation {
    /// Asks whoever sits at the terminal; `nil` where there is no terminal to ask at.
    ///
    /// - Parameter question: what is asked, in one line, without the choice.
    static func ask(_ question: String) -> Bool? {
        guard StandardStream.input.isTerminal, StandardStream.error.isTerminal else { return nil }
        StandardStream.error.write(Array("\(question) [y/N] ".utf8))
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }
}
