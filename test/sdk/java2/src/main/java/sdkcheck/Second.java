package sdkcheck;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Uses a server through nacos-client 2.5, which speaks gRPC, as an application would; ../README.md tells what it prints. */
public final class Second {
    private static final long TOLD_MS = 3_000; // the SDK asks twice after a notification: what has changed, and for the content
    private static final long RECONNECT_MS = 20_000; // what the SDK may need to notice that the server is back

    private Second() {
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("user.home", Path.of(System.getenv("SDK_WORK"), args[0] + ProcessHandle.current().pid()).toString());
        System.setProperty("JM.LOG.PATH", Path.of(System.getenv("SDK_WORK"), "log").toString());
        System.setProperty("com.alibaba.nacos.client.local.ip", Naming.ADDRESS); // by which copies for addresses are chosen
        System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        Report report = new Report();
        switch (args[0]) {
            case "provider":
                Naming.provide(args[1], Integer.parseInt(args[2]));
                while (System.in.read() >= 0) { // until the parent ends
                    continue;
                }
                break;
            case "naming":
                new Connected(report).run();
                break;
            case "config":
                new Config(report, TOLD_MS, RECONNECT_MS).run();
                break;
            case "auth":
                new Auth(report, true).run();
                break;
            case "cluster":
                new Cluster(report, RECONNECT_MS).run();
                break;
            default:
                System.err.println("unknown suite " + args[0]);
                System.exit(2);
        }
        System.exit(report.failed() ? 1 : 0); // the SDK's threads would keep the process alive
    }
}
