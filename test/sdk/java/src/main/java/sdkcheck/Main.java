package sdkcheck;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Uses a server through nacos-client 1.4 as an application would; ../README.md tells what it prints. */
public final class Main {
    private static final long TOLD_MS = 1_000;

    private Main() {
    }

    public static void main(String[] args) throws Exception {
        // The SDK keeps its logs and snapshots under the home directory.
        System.setProperty("user.home", Path.of(System.getenv("SDK_WORK"), args[0] + ProcessHandle.current().pid()).toString());
        System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        Report report = new Report();
        switch (args[0]) {
            case "provider":
                Naming.provide(args[1], Integer.parseInt(args[2]));
                waitForParent();
                break;
            case "naming":
                new Naming(report).run();
                break;
            case "config":
                new Config(report, TOLD_MS, 0).run();
                break;
            case "auth":
                new Auth(report, false).run();
                break;
            case "cluster":
                new Cluster(report, 0).run();
                break;
            default:
                System.err.println("unknown suite " + args[0]);
                System.exit(2);
        }
        System.exit(report.failed() ? 1 : 0); // the SDK's threads would keep the process alive
    }

    private static void waitForParent() throws IOException {
        while (System.in.read() >= 0) {
            continue;
        }
    }
}
