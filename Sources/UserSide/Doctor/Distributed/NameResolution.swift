internal import CCares
private import CLinux
internal import Linux
internal import Text

/// What a name means to the name servers of `/etc/resolv.conf` and to `/etc/hosts`.
///
/// The C library would ask the modules of `/etc/nsswitch.conf`, which a static program cannot load. c-ares reads the two
/// files itself.
enum NameResolution: Equatable {
    /// The addresses, in the order in which a program tries them.
    case addresses([String])
    /// There is no such name.
    case absent
    /// No server has answered; these were asked.
    case unanswered(String)
    /// It could not be asked for, or the answer is none.
    case failed(String)

    /// Asks for the addresses of a name, or reads a numeric address.
    ///
    /// - Parameters:
    ///   - name: the name. Those without enough dots are also searched for in the domains of `/etc/resolv.conf`.
    ///   - servers: the servers to ask, as in `127.0.0.1:5353`; `nil` for those of `/etc/resolv.conf`.
    ///   - milliseconds: how long it may take.
    init(of name: String, servers: String? = nil, within milliseconds: Int) {
        guard ares_library_init(CInt(ARES_LIB_INIT_ALL)) == ARES_SUCCESS else {
            self = .failed("out of memory")
            return
        }
        defer { ares_library_cleanup() }
        let result: NameResolution
        switch Self.channel() {
        case .success(let channel):
            defer { ares_destroy(channel) }
            if let servers { ares_set_servers_ports_csv(channel, servers) }
            result = Self.ask(channel, name, within: milliseconds)
        case .failure(let error): result = .failed(Self.words(error.status))
        }
        if case .unanswered = result {
            self = .unanswered(servers ?? Self.serversOfFile)
        } else {
            self = result
        }
    }

    private struct Failure: Error { let status: CInt }

    /// A channel that looks into the hosts file first, and asks each server twice.
    private static func channel() -> Result<ares_channel, Failure> {
        var options = ares_options()
        (options.timeout, options.tries) = (700, 2)
        var channel: ares_channel?
        var lookups: [CChar] = Array("fb".utf8CString)
        let status = lookups.withUnsafeMutableBufferPointer { lookups in
            options.lookups = lookups.baseAddress
            let mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS
            return ares_init_options(&channel, &options, CInt(mask))
        }
        guard let channel else { return .failure(Failure(status: status)) }
        return .success(channel)
    }

    /// What the answer is put into.
    private final class Answer {
        var result: NameResolution?
    }

    private static func ask(_ channel: ares_channel, _ name: String, within milliseconds: Int) -> NameResolution {
        let answer = Answer()
        var hints = ares_addrinfo_hints()
        hints.ai_family = AF_UNSPEC
        ares_getaddrinfo(channel, name, nil, &hints, receive, Unmanaged.passUnretained(answer).toOpaque())
        let end = Clock.monotonic + UInt64(milliseconds) * 1_000_000
        while answer.result == nil, let timeout = timeLeft(channel, until: end) {
            var requests = sockets(of: channel)
            _ = poll(&requests, nfds_t(requests.count), timeout)
            process(channel, requests)
        }
        // The answer of a question that is given up comes while this goes on.
        let result = answer.result ?? .unanswered("")
        ares_cancel(channel)
        return withExtendedLifetime(answer) { result }
    }

    /// How long to wait for news in milliseconds; `nil` once the time is over.
    private static func timeLeft(_ channel: ares_channel, until end: UInt64) -> CInt? {
        let now = Clock.monotonic
        guard now < end else { return nil }
        var longest = timeval(tv_sec: 0, tv_usec: Int((end - now) / 1000) % 1_000_000)
        longest.tv_sec = Int((end - now) / 1_000_000_000)
        var wanted = timeval()
        guard let next = ares_timeout(channel, &longest, &wanted) else { return 1 }
        return CInt(clamping: next.pointee.tv_sec * 1000 + next.pointee.tv_usec / 1000 + 1)
    }

    /// The sockets that the channel waits for, and what for.
    private static func sockets(of channel: ares_channel) -> [pollfd] {
        let most = Int(ARES_GETSOCK_MAXNUM)
        var numbers = [ares_socket_t](repeating: -1, count: most)
        let bits = UInt32(bitPattern: ares_getsock(channel, &numbers, CInt(most)))
        return (0..<most).compactMap { index in
            // The lower half of the bits is for reading, the upper for writing (ares_getsock(3)).
            let (reads, writes) = (bits >> UInt32(index) & 1 != 0, bits >> UInt32(index + most) & 1 != 0)
            guard reads || writes else { return nil }
            return pollfd(fd: numbers[index], events: Int16((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), revents: 0)
        }
    }

    private static func process(_ channel: ares_channel, _ requests: [pollfd]) {
        var hasNews = false
        for request in requests where request.revents != 0 {
            hasNews = true
            let reads = request.revents & Int16(POLLIN | POLLERR | POLLHUP) != 0
            let writes = request.revents & Int16(POLLOUT | POLLERR) != 0
            ares_process_fd(channel, reads ? request.fd : -1, writes ? request.fd : -1)
        }
        // What nobody has answered in time is asked again.
        if !hasNews { ares_process_fd(channel, -1, -1) }
    }

    /// Is called with the answer, or with the reason why there is none.
    private static let receive: ares_addrinfo_callback = { argument, status, _, information in
        guard let argument else { return }
        Unmanaged<Answer>.fromOpaque(argument).takeUnretainedValue().result =
            switch status {
            case ARES_SUCCESS: .addresses(NameResolution.addresses(in: information))
            case ARES_ENOTFOUND, ARES_ENODATA, ARES_ENONAME: .absent
            case ARES_ETIMEOUT, ARES_ECONNREFUSED: .unanswered("")
            default: .failed(NameResolution.words(status))
            }
        if let information { ares_freeaddrinfo(information) }
    }

    private static func words(_ status: CInt) -> String { String(cString: ares_strerror(status)).lowercased() }

    /// The addresses of an answer as text, each once: there may be one entry for each type of socket.
    private static func addresses(in information: UnsafeMutablePointer<ares_addrinfo>?) -> [String] {
        var found: [String] = []
        var next = information?.pointee.nodes
        while let node = next {
            next = node.pointee.ai_next
            let isLong = node.pointee.ai_family == AF_INET6
            // The address comes after the port, in IPv6 after a further number (ip(7), ipv6(7)).
            let (offset, size) = isLong ? (8, 16) : (4, 4)
            guard let address = node.pointee.ai_addr, Int(node.pointee.ai_addrlen) >= offset + size else { continue }
            var text = [CChar](repeating: 0, count: 64)
            let bytes = UnsafeRawPointer(address) + offset
            guard let start = ares_inet_ntop(isLong ? AF_INET6 : AF_INET, bytes, &text, ares_socklen_t(text.count))
            else {
                continue
            }
            let words = String(cString: start)
            if !found.contains(words) { found.append(words) }
        }
        return found
    }

    /// The name servers of `/etc/resolv.conf` (resolv.conf(5)).
    private static var serversOfFile: String {
        let lines = FileTree().kernelLines("/etc/resolv.conf").filter { $0.hasPrefix("nameserver") }
        let servers = lines.compactMap { $0.words.last.map { String($0) } }
        return servers.isEmpty ? "/etc/resolv.conf names none" : servers.inWords
    }
}
