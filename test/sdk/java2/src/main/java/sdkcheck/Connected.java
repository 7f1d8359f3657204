package sdkcheck;

import static sdkcheck.Report.ms;
import static sdkcheck.Report.must;

import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ListView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The checks of service discovery by clients whose instances live as long as their connection. */
final class Connected {
    private static final String SERVICE = "sdk-naming";
    private static final String LOST = "sdk-lost";
    private static final int ROUNDS = 5;
    private static final double PUSH_LIMIT_MS = 400; // from the write's answer to the listener; a push of Nacos takes 500
    private static final long WAIT_MS = 15_000; // for anything that is to come at once
    private static final long OUTAGE_MS = 30_000; // for the SDK to come back after a restart
    private static final int PORT = 9001;
    private static final int DEAD_PORT = 9302;
    private static final Map<String, String> METADATA = Map.of("zone", "北京-1", "json", "{\"a\":[1,\"&=+%\"]}", "empty", "");

    private final Report report;
    private NamingService client; // has one instance of the service, and listens
    private NamingService other; // has the other instances: there is one for each service and connection

    Connected(Report report) {
        this.report = report;
    }

    /** What a listener was told. */
    private static final class Told {
        final long at = System.nanoTime();
        final List<Instance> hosts;

        Told(List<Instance> hosts) {
            this.hosts = hosts;
        }

        Instance port(int port) {
            return hosts.stream().filter(h -> h.getPort() == port).findFirst().orElse(null);
        }
    }

    private static final class Subscription {
        final LinkedBlockingQueue<Told> events = new LinkedBlockingQueue<>();

        Subscription(NamingService client, String service) throws Exception {
            client.subscribe(service, e -> events.add(new Told(((NamingEvent) e).getInstances())));
        }

        Told await(long limitMs, Predicate<Told> fits) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
            for (Told last = null;;) {
                Told t = events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                must(t != null, "not told within " + limitMs + " ms; last told: " + (last == null ? "nothing" : last.hosts));
                if (fits.test(t)) {
                    return t;
                }
                last = t;
            }
        }

        /** Milliseconds from now, when a write has been answered, to the listener's call. */
        double told(Predicate<Told> fits) throws InterruptedException {
            long answered = System.nanoTime();
            return Math.max(0, ms(await(WAIT_MS, fits).at - answered));
        }
    }

    private static NamingService connect(String namespace) throws Exception {
        return NamingFactory.createNamingService(Naming.properties(namespace, null));
    }

    void run() throws Exception {
        client = connect("");
        other = connect("");
        report.check("register", () -> {
            client.registerInstance(SERVICE, Naming.instance(PORT, METADATA));
            return null;
        });
        report.check("list", this::listed);
        Subscription[] sub = new Subscription[1];
        if (!report.check("subscribe", () -> {
            sub[0] = new Subscription(client, SERVICE);
            sub[0].await(WAIT_MS, t -> t.port(PORT) != null);
            return null;
        })) {
            return;
        }
        toldOfWrites(sub[0]);
        report.check("told: many at once", () -> many(sub[0]));
        report.check("told: process killed", this::killed);
        report.check("list services", () -> {
            ListView<String> list = client.getServicesOfServer(1, 100);
            must(list.getCount() == 2 && list.getData().containsAll(List.of(SERVICE, LOST)), "listed: " + list);
            return null;
        });
        report.check("namespace", this::otherNamespace);
        report.check("server restart", () -> {
            report.ask("restart");
            sub[0].events.clear();
            other.registerInstance(SERVICE, Naming.instance(9050, Map.of()));
            Told t = sub[0].await(OUTAGE_MS, x -> x.port(PORT) != null && x.port(9050) != null);
            other.deregisterInstance(SERVICE, Naming.ADDRESS, 9050);
            sub[0].await(OUTAGE_MS, x -> x.port(9050) == null && x.port(PORT) != null);
            return t.hosts.size() + " instances again";
        });
        report.check("deregister", () -> {
            client.deregisterInstance(SERVICE, Naming.ADDRESS, PORT, "DEFAULT");
            sub[0].await(WAIT_MS, t -> t.hosts.isEmpty());
            List<Instance> hosts = direct(client, SERVICE);
            must(hosts.isEmpty(), "still listed: " + hosts);
            return null;
        });
    }

    /** What the server lists, past the SDK's cache. */
    private static List<Instance> direct(NamingService c, String service) throws Exception {
        return c.getAllInstances(service, new ArrayList<>(), false);
    }

    private String listed() throws Exception {
        List<Instance> hosts = direct(client, SERVICE);
        must(hosts.size() == 1, "listed: " + hosts);
        Instance h = hosts.get(0);
        must(h.getIp().equals(Naming.ADDRESS) && h.getPort() == PORT && h.getClusterName().equals("DEFAULT") && h.getWeight() == 2.5
                && h.isHealthy() && h.isEnabled() && h.isEphemeral() && h.getMetadata().equals(METADATA),
                "listed otherwise than registered: " + h);
        return null;
    }

    /** Measures how long after a write's answer the listener knows. */
    private void toldOfWrites(Subscription sub) {
        List<Double> fresh = new ArrayList<>();
        List<Double> changed = new ArrayList<>();
        List<Double> gone = new ArrayList<>();
        Exception[] failed = new Exception[1];
        try {
            for (int port = 9010; port < 9010 + ROUNDS; port++) {
                int p = port;
                Instance i = Naming.instance(p, Map.of("v", "1"));
                other.registerInstance(SERVICE, i);
                fresh.add(sub.told(t -> t.port(p) != null));
                i.setMetadata(new HashMap<>(Map.of("v", "2")));
                i.setWeight(7);
                other.registerInstance(SERVICE, i);
                changed.add(sub.told(t -> t.port(p) != null && "2".equals(t.port(p).getMetadata().get("v")) && t.port(p).getWeight() == 7));
                other.deregisterInstance(SERVICE, Naming.ADDRESS, p, "DEFAULT");
                gone.add(sub.told(t -> t.port(p) == null));
            }
        } catch (Exception e) {
            failed[0] = e;
        }
        report.check("told: new", () -> judge(fresh, failed[0]));
        report.check("told: changed", () -> judge(changed, failed[0]));
        report.check("told: deregistered", () -> judge(gone, failed[0]));
    }

    /** Compares the median of the rounds with the limit: one slow round on a busy machine says nothing. */
    private static String judge(List<Double> times, Exception failed) throws Exception {
        if (times.size() < ROUNDS) {
            throw failed;
        }
        Collections.sort(times);
        double median = times.get(ROUNDS / 2);
        String text = String.format("%.1f ms after the write's answer (median of %d, slowest %.1f)", median, ROUNDS, times.get(ROUNDS - 1));
        must(median <= PUSH_LIMIT_MS, text);
        return text;
    }

    private String many(Subscription sub) throws Exception {
        int n = 12;
        List<Instance> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            all.add(Naming.instance(9100 + i, METADATA));
        }
        other.batchRegisterInstance(SERVICE, "DEFAULT_GROUP", all);
        double told = sub.told(t -> t.hosts.size() == n + 1);
        other.batchDeregisterInstance(SERVICE, "DEFAULT_GROUP", all.subList(0, n - 1));
        sub.await(WAIT_MS, t -> t.hosts.size() == 2);
        other.deregisterInstance(SERVICE, Naming.ADDRESS, 9100 + n - 1);
        sub.await(WAIT_MS, t -> t.hosts.size() == 1);
        return String.format("%d instances, %.1f ms", n, told);
    }

    /** The instance of a process that is killed goes with its connection, at once. */
    private String killed() throws Exception {
        Process provider = new ProcessBuilder(ProcessHandle.current().info().command().orElse("java"), "-Xmx128m", "-cp",
                System.getProperty("java.class.path"), Second.class.getName(), "provider", LOST, Integer.toString(DEAD_PORT))
                .redirectError(ProcessBuilder.Redirect.INHERIT).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            client.registerInstance(LOST, Naming.instance(PORT, Map.of()));
            Subscription sub = new Subscription(client, LOST);
            sub.await(WAIT_MS * 2, t -> t.port(DEAD_PORT) != null && t.port(DEAD_PORT).isHealthy());
            provider.destroyForcibly();
            double told = sub.told(t -> t.port(DEAD_PORT) == null && t.port(PORT) != null);
            must(client.selectOneHealthyInstance(LOST).getPort() == PORT, "another one is selected");
            return String.format("%.1f ms after the kill", told);
        } finally {
            provider.destroyForcibly();
        }
    }

    private String otherNamespace() throws Exception {
        NamingService spaced = connect("sdk-space");
        spaced.registerInstance("sdk-spaced", Naming.instance(9200, Map.of()));
        List<Instance> there = direct(spaced, "sdk-spaced");
        List<Instance> here = direct(client, "sdk-spaced");
        must(there.size() == 1 && here.isEmpty(), "in its namespace: " + there + ", in the public one: " + here);
        spaced.deregisterInstance("sdk-spaced", Naming.ADDRESS, 9200, "DEFAULT");
        spaced.shutDown();
        return null;
    }
}
