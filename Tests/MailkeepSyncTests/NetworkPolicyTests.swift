import Glibc
import Logging
import MailkeepModel
import MailkeepStore
import Testing

@testable import MailkeepSync

@Suite("Which addresses a mail server may have")
struct NetworkPolicyTests {
    @Test(
        "Addresses on the Internet are allowed",
        arguments: [
            "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
            "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:4860:4860::8888",
            "2400:cb00::1", "fbff::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
        ]
    )
    func publicAddress(text: String) throws {
        #expect(NetworkPolicy().allows(try bytes(text)))
    }

    @Test(
        "This machine, private networks and what is reserved are refused, in every disguise",
        arguments: [
            // RFC 6890 and the registries after it.
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.255.255.255", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
            "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.255",
            "240.0.0.1", "255.255.255.255",
            "::", "::1", "fc00::1", "fd00:ec2::254", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            // IPv4 in IPv6: mapped, compatible, NAT64, 6to4.
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::127.0.0.1",
            "::10.0.0.1", "::169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::c0a8:1",
            "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:a00:1::1", "2002:c0a8:101:ffff::1",
        ]
    )
    func reservedAddress(text: String) throws {
        #expect(!NetworkPolicy().allows(try bytes(text)))
    }

    @Test("What is no address is refused, also where every address is allowed", arguments: [0, 1, 3, 5, 8, 15, 17])
    func wrongLength(count: Int) throws {
        let address = [UInt8](repeating: 8, count: count)
        #expect(!NetworkPolicy().allows(address))
        let all = try ["0.0.0.0/0", "::/0"].map { try #require(Network($0)) }
        #expect(!NetworkPolicy(allowed: all).allows(address))
    }

    @Test(
        "A network that was allowed is allowed to its last bit and no further",
        arguments: [
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("127.0.0.1/32", "127.0.0.1", "127.0.0.0"),
            ("10.1.2.3/8", "10.255.0.1", "127.0.0.1"),
            ("10.32.0.0/11", "10.63.255.255", "10.64.0.0"),
            ("10.0.0.0/31", "10.0.0.1", "10.0.0.2"),
            ("172.16.0.0/13", "172.23.255.255", "172.24.0.0"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("0.0.0.0/0", "127.0.0.1", "::1"),
            ("128.0.0.0/1", "192.168.0.1", "127.0.0.1"),
            ("::1", "::1", "127.0.0.1"),
            ("fd00::/8", "fdab::1", "fc00::1"),
            ("fd12:3450::/28", "fd12:345f::1", "fd12:3460::1"),
            ("fd00::/127", "fd00::1", "fd00::2"),
            ("::/0", "fe80::1", "10.0.0.1"),
            // The address that is connected to is what is judged.
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:127.0.0.1"),
            ("10.0.0.0/8", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1"),
        ]
    )
    func allowedNetwork(network: String, within: String, outside: String) throws {
        let policy = NetworkPolicy(allowed: [try #require(Network(network))])
        #expect(policy.allows(try bytes(within)))
        #expect(!policy.allows(try bytes(outside)))
        #expect(policy.allows(try bytes("8.8.8.8")))
    }

    @Test(
        "What is no CIDR notation is refused",
        arguments: [
            "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8",
            "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0/8", "10/8", "010.0.0.0/8", "0x0a.0.0.0/8", "167772160/8",
            "10.0.0.256/8", "::/129", "fe80::1%eth0/64", "[::1]/128", "localhost", "10.0.0.0/eight",
            "10.0.0.0/99999999999999999999", "10.0.0.0\0/8", "fd00::/0x8",
        ]
    )
    func wrongNetwork(text: String) {
        #expect(Network(text) == nil)
    }

    @Test(
        "A server is refused before it is saved where no address of it may be reached",
        arguments: [
            ("127.0.0.1", nil, false), ("localhost", nil, false), ("2130706433", nil, false), ("0x7f.1", nil, false),
            ("localhost", "127.0.0.0/8", true), ("localhost", "10.0.0.0/8", false), ("8.8.8.8", nil, true),
        ] as [(String, String?, Bool)]
    )
    func checkedServer(host: String, network: String?, isAllowed: Bool) async throws {
        let work = try await SyncWorkplace()
        let files = try MailFiles()
        let sources = MailSources(
            store: work.store,
            keys: work.keys,
            uploads: UploadFolder(in: files.path, keys: work.keys),
            networks: network.flatMap(Network.init).map { [$0] } ?? [],
            paths: [],
            logger: Logger(label: "test")
        )
        let server = MailServer(host: host, port: 993, security: .tls)
        do {
            try await sources.check(server: server, path: nil, permissions: JobPermissions())
            #expect(isAllowed)
        } catch let failure as SyncFailure {
            #expect(!isAllowed && failure.code == .network)
        }
    }

    private func bytes(_ text: String) throws -> [UInt8] {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        var six = in6_addr()
        try #require(inet_pton(AF_INET6, text, &six) == 1)
        return withUnsafeBytes(of: &six) { Array($0) }
    }
}
