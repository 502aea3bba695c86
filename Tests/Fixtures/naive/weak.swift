// A program that does not hide its environment from Swift's runtime, which reads it when a generic type is made.
struct Pair<First, Second> { var first: First, second: Second }
func pair(for any: Any) -> Any.Type { any is Int ? Pair<String, Any>.self : Pair<Int, [String]>.self }
print(pair(for: CommandLine.arguments.count))
