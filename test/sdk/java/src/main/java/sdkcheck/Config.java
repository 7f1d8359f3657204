package sdkcheck;

import static sdkcheck.Report.ms;
import static sdkcheck.Report.must;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.Listener;
import com.alibaba.nacos.api.exception.NacosException;
import java.math.BigInteger;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The checks of the configuration centre. */
final class Config {
    static final String GROUP = "SDK_GROUP";
    private static final String WATCHED = "sdk-watched.yaml";
    private static final String CONFIGS = "/v1/cs/configs";
    private static final long AFTER_OUTAGE_MS = 15_000; // the SDK waits some seconds after a failed poll
    private static final String UNICODE =
            "名称: 灯塔 — Ἀλεξάνδρεια\n絵文字: \uD83D\uDDFC\uD83D\uDEA2\r\nsigns: a+b=c&d%20 \"<>\" \\ \t end";

    private final Report report;
    private final long toldMs; // from a write's answer to the listener
    private final long reconnectMs; // how long writes may fail after an outage
    private ConfigService client;

    Config(Report report, long toldMs, long reconnectMs) {
        this.report = report;
        this.toldMs = toldMs;
        this.reconnectMs = reconnectMs;
    }

    static ConfigService client(String namespace, Account who) throws NacosException {
        return NacosFactory.createConfigService(Naming.properties(namespace, who));
    }

    private static final class Told {
        final long at = System.nanoTime();
        final String content;

        Told(String content) {
            this.content = content;
        }
    }

    /** Collects what a listener is told. */
    private static final class Listening implements Listener {
        private final LinkedBlockingQueue<Told> events = new LinkedBlockingQueue<>();

        @Override
        public Executor getExecutor() {
            return null;
        }

        @Override
        public void receiveConfigInfo(String content) {
            events.add(new Told(content));
        }

        /** Waits until this content is told, and gives the milliseconds since the write's answer. */
        double await(String content, long answered, long limitMs) throws InterruptedException {
            long end = answered + TimeUnit.MILLISECONDS.toNanos(limitMs);
            String last = "nothing";
            for (;;) {
                Told t = events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                must(t != null, "not told within " + limitMs + " ms; last told: " + last);
                if (Objects.equals(t.content, content)) {
                    return Math.max(0, ms(t.at - answered));
                }
                last = t.content == null ? "that it is gone" : t.content.substring(0, Math.min(40, t.content.length()));
            }
        }
    }

    /** Writes, checks that the content is readable at once, and gives the time of the write's answer. */
    static long publish(ConfigService c, String dataId, String content) throws NacosException {
        must(c.publishConfig(dataId, GROUP, content), "the SDK says that the publish failed");
        long answered = System.nanoTime();
        reads(c, dataId, content);
        return answered;
    }

    static void reads(ConfigService c, String dataId, String want) throws NacosException {
        String got = c.getConfig(dataId, GROUP, 5_000);
        must(Objects.equals(got, want), "read " + brief(got) + ", want " + brief(want));
    }

    private static String brief(String s) {
        return s == null ? "nothing" : s.length() + " characters " + s.substring(0, Math.min(60, s.length()));
    }

    void run() throws Exception {
        client = client("", null);
        report.check("publish", () -> {
            publish(client, "sdk-plain.properties", "a=1\nb=2\n");
            return null;
        });
        report.check("get: absent", () -> {
            reads(client, "sdk-absent", null);
            return null;
        });
        report.check("cas", this::cas);
        report.check("namespace", this::otherNamespace);
        Listening l = new Listening();
        report.check("told: changed", () -> {
            publish(client, WATCHED, "v: 0");
            client.addListener(WATCHED, GROUP, l);
            List<String> all = new ArrayList<>();
            for (int i = 1; i <= 5; i++) {
                all.add(write(l, "v: " + i, toldMs));
            }
            return String.join(", ", all);
        });
        report.check("unicode", () -> write(l, UNICODE, toldMs));
        report.check("100 KB", () -> write(l, large(), toldMs));
        report.check("beta", () -> beta(l));
        report.check("remove", () -> {
            must(client.removeConfig(WATCHED, GROUP), "the SDK says that the removal failed");
            long answered = System.nanoTime();
            reads(client, WATCHED, null);
            return String.format("told after %.0f ms", l.await(null, answered, toldMs));
        });
        report.check("server restart", () -> {
            write(l, "before: the restart", toldMs);
            report.ask("restart");
            reads(client, WATCHED, "before: the restart");
            reconnected();
            String first = write(l, "after: the restart", AFTER_OUTAGE_MS);
            return "told after " + first + ", then " + write(l, "after: again", toldMs);
        });
    }

    /** Waits until the SDK has found the server again. One that polls writes over connections of their own, and never fails. */
    private void reconnected() throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(reconnectMs);
        while (reconnectMs > 0 && !client.publishConfig("sdk-reconnected", GROUP, "x")) {
            must(System.nanoTime() < end, "no publish succeeds within " + reconnectMs + " ms of the restart");
            Thread.sleep(100);
        }
    }

    private String write(Listening l, String content, long limitMs) throws Exception {
        return String.format("%.0f ms", l.await(content, publish(client, WATCHED, content), limitMs));
    }

    /** 100 KB of UTF-8 that no shortcut gets right. */
    private static String large() {
        StringBuilder b = new StringBuilder();
        for (int i = 0; b.length() < 100 << 10; i++) {
            b.append(String.format("key.%05d = värde %d & 100%% 数\n", i, i * 7919L));
        }
        return b.toString();
    }

    private static String md5(String s) throws Exception {
        byte[] sum = MessageDigest.getInstance("MD5").digest(s.getBytes(StandardCharsets.UTF_8));
        return String.format("%032x", new BigInteger(1, sum));
    }

    /** Said by plain HTTP: the SDK has no words for it. */
    private String cas() throws Exception {
        String id = "sdk-cas";
        publish(client, id, "one");
        Map<String, String> params = Map.of("dataId", id, "group", GROUP, "content", "two");
        HttpResponse<String> r = Http.request("POST", CONFIGS, params, Map.of("casMd5", md5("another")));
        must(r.statusCode() != 200, "a publish against another md5 was answered " + r.statusCode() + " " + r.body());
        reads(client, id, "one");
        Http.expect(Http.request("POST", CONFIGS, params, Map.of("casMd5", md5("one"))), "true");
        reads(client, id, "two");
        return null;
    }

    private String otherNamespace() throws Exception {
        String id = "sdk-spaced";
        ConfigService spaced = client("sdk-space", null);
        publish(client, id, "public");
        publish(spaced, id, "spaced");
        Listening l = new Listening();
        spaced.addListener(id, GROUP, l);
        l.await("spaced, changed", publish(spaced, id, "spaced, changed"), toldMs);
        reads(client, id, "public");
        return null;
    }

    /** Publishes for one address and looks from it and from another. */
    private String beta(Listening l) throws Exception {
        String formal = "beta: formal";
        String gray = "beta: gray";
        l.await(formal, publish(client, WATCHED, formal), toldMs);
        sendBeta("beta: of another", "10.9.9.9"); // not for this client
        reads(client, WATCHED, formal);
        readsFrom("10.9.9.9", "beta: of another");
        double told = l.await(gray, sendBeta(gray, Naming.ADDRESS + ",10.9.9.8"), toldMs);
        reads(client, WATCHED, gray);
        readsFrom("10.9.9.8", gray);
        readsFrom("10.9.9.9", formal);
        HttpResponse<String> r =
                Http.request("DELETE", CONFIGS, Map.of("dataId", WATCHED, "group", GROUP, "beta", "true"), Map.of());
        must(r.statusCode() == 200, "stop beta: " + r.statusCode() + " " + r.body());
        l.await(formal, System.nanoTime(), toldMs);
        reads(client, WATCHED, formal);
        readsFrom("10.9.9.8", formal);
        return String.format("told after %.0f ms", told);
    }

    private static long sendBeta(String content, String ips) throws Exception {
        Http.expect(Http.request("POST", CONFIGS, Map.of("dataId", WATCHED, "group", GROUP, "content", content),
                Map.of("betaIps", ips)), "true");
        return System.nanoTime();
    }

    private static void readsFrom(String ip, String want) throws Exception {
        Http.expect(Http.request("GET", CONFIGS, Map.of("dataId", WATCHED, "group", GROUP), Map.of("X-Forwarded-For", ip)), want);
    }
}
