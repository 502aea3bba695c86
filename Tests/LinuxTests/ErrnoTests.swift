import Glibc
import Linux
import Testing

struct ErrnoTests {
    @Test(
        arguments: [
            (.noSuchFileOrDirectory, ENOENT, "No such file or directory"),
            (.permissionDenied, EACCES, "Permission denied"), (Errno(rawValue: 0), 0, "Success"),
            (Errno(rawValue: 9999), 9999, "Unknown error 9999"), (Errno(rawValue: -1), -1, "Unknown error -1"),
        ] as [(Errno, CInt, String)])
    func `an error has a number and the words of the C library`(error: Errno, number: CInt, words: String) {
        #expect(error.rawValue == number)
        #expect(error == Errno(rawValue: number))
        #expect(error.description == words)
    }

    @Test func `an error is told by its name in a switch and in a catch clause`() {
        func word(_ error: Errno) -> String {
            do throws(Errno) {
                throw error
            } catch .fileExists {
                return "caught"
            } catch {
                switch error {
                case .notDirectory, .isDirectory: return "switched"
                default: return "other"
                }
            }
        }
        #expect([.fileExists, .isDirectory, .ioError].map(word) == ["caught", "switched", "other"])
    }
}
