import Foundation
import TestSupport
import Testing

/// The file of the program as it ships: what the kernel maps of it, and with which rights (elf(5)).
@Suite(.containers)
struct ProgramFileTests {
    /// A part of the file that is mapped, with the rights that it has then.
    private struct Segment {
        var isWritable: Bool
        var isExecutable: Bool
        var addresses: Range<UInt64>
    }

    private struct Section {
        var name: String
        var address: UInt64
        var isAllocated: Bool
    }

    /// The segments and the sections of an ELF file of 64 bits.
    private static func read(_ file: [UInt8]) -> (segments: [Segment], sections: [Section]) {
        func number(_ offset: UInt64, _ size: Int) -> UInt64 {
            (0..<size).reversed().reduce(0) { $0 << 8 | UInt64(file[Int(offset) + $1]) }
        }
        let segments = (0..<number(56, 2)).compactMap { index -> Segment? in
            let header = number(32, 8) + index * number(54, 2)
            guard number(header, 4) == 1 else { return nil }
            let (flags, start) = (number(header + 4, 4), number(header + 16, 8))
            return Segment(
                isWritable: flags & 2 != 0, isExecutable: flags & 1 != 0,
                addresses: start..<(start + number(header + 40, 8)))
        }
        func header(_ index: UInt64) -> UInt64 { number(40, 8) + index * number(58, 2) }
        let names = number(header(number(62, 2)) + 24, 8)
        let sections = (0..<number(60, 2)).map { index in
            let start = Int(names + number(header(index), 4))
            return Section(
                name: String(decoding: file[start...].prefix { $0 != 0 }, as: UTF8.self),
                address: number(header(index) + 16, 8), isAllocated: number(header(index) + 8, 8) & 2 != 0)
        }
        return (segments, sections)
    }

    /// The sections that are written to: variables, and tables of addresses, which are fixed before `main` or later.
    private static let written: Set<String> = [
        ".tdata", ".tbss", ".preinit_array", ".init_array", ".fini_array", ".data.rel.ro", ".got", ".got.plt", ".data",
        ".bss", ".relro_padding", ".tm_clone_table", "__libc_subfreeres", "__libc_IO_vtables", "__libc_atexit",
        "__libc_freeres_ptrs",
    ]

    @Test func `nothing that is not written to lies in a writable segment`() throws {
        let file = try [UInt8](Data(contentsOf: URL(filePath: TestMachine.programs + "/entrypoint")))
        let (segments, sections) = Self.read(file)
        let writable = segments.filter(\.isWritable)
        #expect(!writable.isEmpty && !segments.contains { $0.isWritable && $0.isExecutable })
        let found = sections.filter { section in
            section.isAllocated && writable.contains { $0.addresses.contains(section.address) }
        }
        #expect(found.contains { $0.name == ".data" } && sections.contains { $0.name == ".rodata" })
        #expect(Set(found.map(\.name)).subtracting(Self.written) == [])
    }

    @Test func `every value in a message can be printed`() throws {
        // Embedded Swift prints this for a value that is not CustomStringConvertible, such as a case of an enumeration.
        let file = try Data(contentsOf: URL(filePath: TestMachine.programs + "/entrypoint"))
        #expect(file.range(of: Data("cannot print value".utf8)) == nil)
        #expect(file.range(of: Data("is not a variable of entrypoint".utf8)) != nil)
    }

    @Test func `the program is small`() throws {
        let size = try FileManager.default.attributesOfItem(atPath: TestMachine.programs + "/entrypoint")[.size]
        #expect(try #require(size as? Int) <= 4 << 20)
    }
}
