internal import CLinux

// What Swift does not see of the C library's headers, by the names of the manual pages.

/// The number of the last error of this thread (errno(3)).
var errno: CInt {
    get { linux_errno() }
    set { linux_set_errno(newValue) }
}

func open(_ path: UnsafePointer<CChar>, _ flags: CInt, _ mode: mode_t = 0) -> CInt { linux_open(path, flags, mode) }

func openat(_ directory: CInt, _ path: UnsafePointer<CChar>, _ flags: CInt, _ mode: mode_t = 0) -> CInt {
    linux_openat(directory, path, flags, mode)
}

func fcntl(_ descriptor: CInt, _ command: CInt, _ argument: CInt = 0) -> CInt {
    linux_fcntl(descriptor, command, argument)
}
