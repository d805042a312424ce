import Syscalls
import Testing

@Suite struct OwnerTests {
    @Test(.enabled(if: CurrentProcess.userID == 0, "takes root"))
    func rootActsAsTheOwner() throws {
        let play = try Playground()
        try play.repository("acme/lib")
        try play.sh("chown -R 65534:65534 .; mkdir private; chmod 700 private; cp -r home private; chown -R 0:0 private")
        let home = ["HOME=\(play.root)/private/home"]
        #expect(try play.rwv("init", "web-app", environment: home).status == 0)
        #expect(try play.rwv("activate", "web-app", environment: home) == .init())
        #expect(try play.rwv("add", "../repos/acme/lib", environment: home).err == "added acme/lib to projects/web-app/rwv.yaml\n")
        #expect(try play.rwv("lock", environment: home) == .init(err: "wrote projects/web-app/rwv.lock (1 repo)\n"))
        #expect(try play.rwv("check", environment: home) == .init("0 errors, 0 warnings\n"))
        #expect(try play.sh("find w -user 0") == "")
    }
}
