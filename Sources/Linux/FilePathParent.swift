private import Glibc
package import SystemPackage

extension FilePath {
    /// The directory that holds a path, `/` for `/` itself and an empty path for a single name: the result of
    /// `removingLastComponent()`, without the types that it needs on first use.
    package var parent: FilePath {
        withPlatformString { start in
            guard let slash = strrchr(start, CInt(UInt8(ascii: "/"))) else { return "" }
            if slash == start { return "/" }
            let length = UnsafePointer(slash) - start
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: length + 1) { buffer in
                guard let copy = buffer.baseAddress else { return "" }
                memcpy(copy, start, length)
                copy[length] = 0
                return FilePath(platformString: copy)
            }
        }
    }
}
