import Boot
import Linux
import Programs
import Testing

struct SecretsTests {
    @Test(
        arguments: [
            ("HF_TOKEN", true), ("WANDB_API_KEY", true), ("GITHUB_TOKEN", true), ("DB_PASSWORD", true),
            ("CLIENT_SECRET", true), ("_KEY", true), ("TOKEN", false), ("HF_TOKEN_PATH", false), ("KEYBOARD", false),
            ("PATH", false), ("DB_PASSPHRASE", true), ("AWS_CREDENTIALS", true), ("AZURE_PAT", true), ("COMPAT", false),
            ("my_token", false), ("", false), ("\u{600}_TOKEN", true),
        ])
    func `a name tells a secret`(name: String, expected: Bool) {
        #expect(Secrets(of: BootSequence.groups).isSecret(name) == expected)
    }

    @Test(
        arguments: [
            ("postgres://jane:secret@db/x", true), ("https://x:y@host", true),
            ("see redis://:pass@h:6379/0 there", true),
            ("amqp+ssl://u:p@ss@host", true), ("a=1 b='mysql://u:p@h'", true), ("https://a://u:p@h", true),
            ("https://host:8080/@scope/package", false), ("https://jane@host/x", false), ("https://u:@host", false),
            ("https://host:80?a=b@c", false), ("://u:p@h", false), ("u:p@h", false), ("", false), ("https://", false),
            ("/usr/bin:/bin", false), ("file:///etc/x@y:z@", false), ("https://u:p h@x", false),
            ("postgres://u:pa/ss@h/x", true), ("redis://:pa#ss?w@h", true),
            ("git+ssh://git@host:org/repo.git@v1", false),
            ("https://ghp_0123456789abcdefghij@host/x", true), ("https://glpat-0123456789-abcdef@h", true),
            ("https://jane.doe.of.the.laboratory@host", false), ("see https://a-user-of-20-chars-x@", true),
            ("http://[::1]:80/a@b", false), ("https://host:/a@b", false), ("https://h:80/x:y@z", false),
        ])
    func `a password in a URL makes a secret of any variable`(value: String, expected: Bool) {
        #expect(SecretURL.isIn(value) == expected)
        let entry = CString(Array("NAME=\(value)".utf8))
        #expect(Secrets(of: BootSequence.groups).isSecret(entry, nameLength: 4) == expected)
    }
}
