import Boot

@main
enum Entrypoint {
    static func main() {
        print("entrypoint \(Version.text)")
    }
}
