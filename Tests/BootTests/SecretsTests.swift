import Boot
import Linux
import Programs
import Testing

struct SecretsTests {
    @Test(
        arguments: [
            ("HF_TOKEN", true), ("WANDB_API_KEY", true), ("GITHUB_TOKEN", true), ("DB_PASSWORD", true),
            ("CLIENT_SECRET", true), ("_KEY", true), ("TOKEN", false), ("HF_TOKEN_PATH", false), ("KEYBOARD", false),
            ("PATH", false), ("my_token", false), ("", false), ("\u{600}_TOKEN", true),
        ])
    func `a name tells a secret`(name: String, expected: Bool) {
        #expect(Secrets(of: BootSequence.groups).isSecret(name) == expected)
    }
}
