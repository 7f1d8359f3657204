package sdkcheck;

import static sdkcheck.Report.ms;
import static sdkcheck.Report.must;

import com.alibaba.nacos.api.PropertyKeyConst;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingMaintainFactory;
import com.alibaba.nacos.api.naming.NamingMaintainService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ListView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The checks of service discovery. */
final class Naming {
    static final String ADDRESS = "127.0.0.1";

    private static final String SERVICE = "sdk-naming";
    private static final String LOST = "sdk-lost";
    private static final int ROUNDS = 5;
    private static final double PUSH_LIMIT_MS = 100; // from the write's answer to the listener
    private static final long WAIT_MS = 10_000; // for anything that is to come at once
    private static final long BEAT_MS = 60_000;
    private static final int PORT = 9001;
    private static final int LIVE_PORT = 9301;
    private static final int DEAD_PORT = 9302;

    // A silent instance is unhealthy after 15 s and gone after 30 s, counted from its last beat. That is up to
    // 5 s before the kill, and the server looks every 5 s at the most.
    private static final long[] UNHEALTHY = {9_000, 21_000};
    private static final long[] GONE = {24_000, 36_000};

    private static final Map<String, String> METADATA = Map.of("zone", "北京-1", "json", "{\"a\":[1,\"&=+%\"]}", "empty", "");

    private final Report report;
    private NamingService client;
    private NamingMaintainService maintain;

    Naming(Report report) {
        this.report = report;
    }

    static Properties properties(String namespace, Account who) {
        Properties p = new Properties();
        p.setProperty(PropertyKeyConst.SERVER_ADDR, Http.server());
        p.setProperty(PropertyKeyConst.NAMESPACE, namespace);
        if (who != null) {
            p.setProperty(PropertyKeyConst.USERNAME, who.user);
            p.setProperty(PropertyKeyConst.PASSWORD, who.password);
        }
        return p;
    }

    static Instance instance(int port, Map<String, String> metadata) {
        Instance i = new Instance();
        i.setIp(ADDRESS);
        i.setPort(port);
        i.setWeight(2.5);
        i.setClusterName("DEFAULT");
        i.setMetadata(new HashMap<>(metadata));
        return i;
    }

    /** Registers an instance whose beats last as long as the process. */
    static void provide(String service, int port) throws NacosException {
        NamingFactory.createNamingService(properties("", null)).registerInstance(service, instance(port, Map.of()));
        System.out.println("registered");
    }

    /** One list that a subscription was told. */
    private static final class Seen {
        final long at = System.nanoTime();
        final List<Instance> hosts;

        Seen(List<Instance> hosts) {
            this.hosts = hosts;
        }

        Instance port(int port) {
            return hosts.stream().filter(h -> h.getPort() == port).findFirst().orElse(null);
        }
    }

    /** What a listener was told. */
    private static final class Subscription {
        final LinkedBlockingQueue<Seen> events = new LinkedBlockingQueue<>();

        Subscription(NamingService client, String service) throws NacosException {
            client.subscribe(service, e -> events.add(new Seen(((NamingEvent) e).getInstances())));
        }

        Seen await(long limitMs, Predicate<Seen> fits) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
            Seen last = null;
            for (;;) {
                Seen s = events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                must(s != null, "not told within " + limitMs + " ms; last told: " + (last == null ? "nothing" : last.hosts));
                if (fits.test(s)) {
                    return s;
                }
                last = s;
            }
        }
    }

    void run() throws Exception {
        client = NamingFactory.createNamingService(properties("", null));
        maintain = NamingMaintainFactory.createMaintainService(properties("", null));
        report.check("register", () -> {
            client.registerInstance(SERVICE, instance(PORT, METADATA));
            return null;
        });
        CompletableFuture<String> minder = CompletableFuture.supplyAsync(this::mind);
        Lost lost = new Lost();
        report.check("list", this::listed);
        Subscription[] sub = new Subscription[1];
        if (!report.check("subscribe", () -> {
            sub[0] = new Subscription(client, SERVICE);
            sub[0].await(WAIT_MS, s -> s.port(PORT) != null);
            return null;
        })) {
            return;
        }
        toldOfWrites(sub[0]);
        report.check("told: many at once", () -> toldOfMany(sub[0]));
        report.check("list services", () -> {
            ListView<String> list = client.getServicesOfServer(1, 100);
            must(list.getCount() == 2 && list.getData().containsAll(List.of(SERVICE, LOST)), "listed: " + list);
            return null;
        });
        report.check("namespace", this::otherNamespace);
        lost.checks();
        report.check("healthy for 60 s", minder::get);
        report.check("deregister", () -> {
            client.deregisterInstance(SERVICE, ADDRESS, PORT, "DEFAULT");
            sub[0].await(WAIT_MS, s -> s.hosts.isEmpty());
            List<Instance> hosts = direct(client, SERVICE);
            must(hosts.isEmpty(), "still listed: " + hosts);
            return null;
        });
    }

    /** What the server lists, past the SDK's cache. */
    private static List<Instance> direct(NamingService c, String service) throws NacosException {
        return c.getAllInstances(service, new ArrayList<>(), false);
    }

    private String listed() throws NacosException {
        List<Instance> hosts = direct(client, SERVICE);
        must(hosts.size() == 1, "listed: " + hosts);
        Instance h = hosts.get(0);
        must(h.getIp().equals(ADDRESS) && h.getPort() == PORT && h.getClusterName().equals("DEFAULT") && h.getWeight() == 2.5
                && h.isHealthy() && h.isEnabled() && h.isEphemeral() && h.getMetadata().equals(METADATA),
                "listed otherwise than registered: " + h);
        return null;
    }

    /** Looks every second whether the instance is listed as healthy. */
    private String mind() {
        long began = System.nanoTime();
        int looks = 0;
        while (System.nanoTime() - began < TimeUnit.MILLISECONDS.toNanos(BEAT_MS)) {
            try {
                TimeUnit.SECONDS.sleep(1);
                List<Instance> hosts = direct(client, SERVICE);
                must(hosts.stream().anyMatch(h -> h.getPort() == PORT && h.isHealthy()), "listed: " + hosts);
            } catch (NacosException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
            looks++;
        }
        return looks + " looks in " + (System.nanoTime() - began) / 1_000_000_000L + " s";
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
                Instance i = instance(p, Map.of("v", "1"));
                client.registerInstance(SERVICE, i);
                fresh.add(told(sub, s -> s.port(p) != null));
                i.setMetadata(new HashMap<>(Map.of("v", "2")));
                i.setWeight(7);
                maintain.updateInstance(SERVICE, i);
                changed.add(told(sub, s -> s.port(p) != null && "2".equals(s.port(p).getMetadata().get("v"))
                        && s.port(p).getWeight() == 7));
                client.deregisterInstance(SERVICE, ADDRESS, p, "DEFAULT");
                gone.add(told(sub, s -> s.port(p) == null));
            }
        } catch (Exception e) {
            failed[0] = e;
        }
        report.check("told: new", () -> judge(fresh, failed[0]));
        report.check("told: changed", () -> judge(changed, failed[0]));
        report.check("told: deregistered", () -> judge(gone, failed[0]));
    }

    /** Milliseconds from now, when a write has been answered, to the listener's call. */
    private static double told(Subscription sub, Predicate<Seen> fits) throws InterruptedException {
        long answered = System.nanoTime();
        return Math.max(0, ms(sub.await(WAIT_MS, fits).at - answered));
    }

    /**
     * Compares the median of the rounds with the limit: one slow round on a busy machine says nothing, and a poll of
     * the SDK (10 s) would show in all.
     */
    private static String judge(List<Double> times, Exception failed) throws Exception {
        if (times.size() < ROUNDS) {
            throw failed;
        }
        Collections.sort(times);
        double median = times.get(ROUNDS / 2);
        String text = String.format("%.1f ms after the write's answer (median of %d, slowest %.1f)", median, ROUNDS,
                times.get(ROUNDS - 1));
        must(median <= PUSH_LIMIT_MS, text);
        return text;
    }

    /** Makes the push datagram long enough to be compressed. */
    private String toldOfMany(Subscription sub) throws Exception {
        int n = 12;
        for (int i = 0; i < n; i++) {
            client.registerInstance(SERVICE, instance(9100 + i, METADATA));
        }
        double told = told(sub, s -> s.hosts.size() == n + 1);
        for (int i = 0; i < n; i++) {
            client.deregisterInstance(SERVICE, ADDRESS, 9100 + i, "DEFAULT");
        }
        sub.await(WAIT_MS, s -> s.hosts.size() == 1);
        return String.format("%d instances, %.1f ms", n, told);
    }

    private String otherNamespace() throws NacosException {
        NamingService spaced = NamingFactory.createNamingService(properties("sdk-space", null));
        spaced.registerInstance("sdk-spaced", instance(9200, Map.of()));
        List<Instance> there = direct(spaced, "sdk-spaced");
        List<Instance> here = direct(client, "sdk-spaced");
        must(there.size() == 1 && here.isEmpty(), "in its namespace: " + there + ", in the public one: " + here);
        spaced.deregisterInstance("sdk-spaced", ADDRESS, 9200, "DEFAULT");
        return null;
    }

    /** Follows an instance whose process is killed, beside one that lives. */
    private final class Lost {
        private Subscription sub;
        private long killed;
        private Exception failed;

        Lost() throws Exception {
            Process provider = new ProcessBuilder(ProcessHandle.current().info().command().orElse("java"), "-Xmx128m", "-cp",
                    System.getProperty("java.class.path"), Main.class.getName(), "provider", LOST, Integer.toString(DEAD_PORT))
                    .redirectError(ProcessBuilder.Redirect.INHERIT).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            try {
                client.registerInstance(LOST, instance(LIVE_PORT, Map.of()));
                sub = new Subscription(client, LOST);
                sub.await(WAIT_MS * 2, s -> s.port(DEAD_PORT) != null && s.port(DEAD_PORT).isHealthy());
            } catch (Exception e) {
                failed = e;
            }
            provider.destroyForcibly();
            killed = System.nanoTime();
        }

        void checks() {
            report.check("told: beats stopped, unhealthy",
                    within(UNHEALTHY, s -> s.port(DEAD_PORT) != null && !s.port(DEAD_PORT).isHealthy()));
            report.check("select healthy", () -> {
                List<Instance> healthy = client.selectInstances(LOST, true);
                List<Instance> other = client.selectInstances(LOST, false);
                must(healthy.size() == 1 && healthy.get(0).getPort() == LIVE_PORT, "healthy: " + healthy);
                must(other.size() == 1 && other.get(0).getPort() == DEAD_PORT, "not healthy: " + other);
                must(client.selectOneHealthyInstance(LOST).getPort() == LIVE_PORT, "one healthy: another");
                return null;
            });
            report.check("told: beats stopped, lost", within(GONE, s -> s.port(DEAD_PORT) == null && s.port(LIVE_PORT) != null));
        }

        private Callable<String> within(long[] limits, Predicate<Seen> fits) {
            return () -> {
                if (failed != null) {
                    throw failed;
                }
                long left = limits[1] + 5_000 - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed);
                double after = ms(sub.await(left, fits).at - killed);
                String text = String.format("%.1f s after the kill", after / 1000);
                must(after >= limits[0] && after <= limits[1], text + ", not between " + limits[0] + " and " + limits[1] + " ms");
                return text;
            };
        }
    }
}
