/// Finds the word that a mistyped word may stand for.
package enum Suggestion {
    /// The candidate with the smallest edit distance, if at most a third of the word's letters differ.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        let limit = max(1, word.utf8.count / 3)
        // Words of hostile length are not compared.
        guard word.utf8.count <= 100 else { return nil }
        return candidates.map { (distance(Array(word.utf8), Array($0.utf8)), $0) }
            .filter { $0.0 <= limit }.min { $0.0 < $1.0 }?.1
    }

    /// The edit distance of two words.
    package static func distance(_ left: String, _ right: String) -> Int {
        distance(Array(left.utf8), Array(right.utf8))
    }

    /// The edit distance: how many bytes must be inserted, removed, replaced, or swapped with their neighbour (optimal
    /// string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var twoAbove: [Int] = []
        var above = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let replaced = above[j] + (left[i] == right[j] ? 0 : 1)
                var least = min(replaced, above[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    least = min(least, twoAbove[j - 1] + 1)
                }
                row.append(least)
            }
            twoAbove = above
            above = row
        }
        return above[right.count]
    }
}
