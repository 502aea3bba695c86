import Boot
import Explanations
import Foundation
import TestSupport
import Testing
import Text

/// What people read who look a message up.
struct ExplanationTests {
    @Test func `each explanation is whole sentences, and fits into a table`() {
        for id in MessageIdentifier.allCases {
            let words = id.explanation
            for text in [words.meaning, words.causes, words.remedy] {
                #expect(text.hasSuffix(".") && text.first?.isLowercase == false && text.utf8.count > 9, "\(id)")
                #expect(!text.contains("|") && !text.contains("\n") && !text.contains("  "), "\(id)")
                #expect(text.count { $0 == "`" }.isMultiple(of: 2), "\(id)")
            }
        }
    }

    @Test func `an explanation says what it means, why, what to do and how the program ends`() {
        #expect(
            MessageIdentifier.scratchNotMounted.explanationText == """
                scratch.not-mounted

                There is no volume where the user's directory should be.

                Usual causes: The pod has no volume there: `volumeMounts` (`docker run -v`) is missing or has another path.
                What to do:   Mount the volume above `SCRATCH_HOME_ROOT`, or correct `SCRATCH_HOME_ROOT`.
                Exit code:    125 (a step or the drop of privileges failed); where onFailure is warn, the boot goes on

                """)
        #expect(
            MessageIdentifier.settingsUnknownVariable.explanationText.hasSuffix(
                "Exit code:    none: the boot goes on\n"))
        #expect(
            MessageIdentifier.commandNotFound.explanationJSON.text
                == #"{"id":"command.not-found","severity":"error","meaning":"The command does not exist.","#
                + #""causes":"A typing error, or a program that is not installed or not in `PATH`.","#
                + #""remedy":"Correct the command, or install the program.","exitCode":127}"#)
        #expect(MessageIdentifier.handoffSignals.explanationJSON["exitCode"] == .null)
    }
}
