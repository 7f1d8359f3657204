package sdkcheck;

import static sdkcheck.Report.must;

import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.Listener;
import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An application that knows three nodes and goes on while one after the other is lost. */
final class Cluster {
    private static final String SERVICE = "sdk-cluster";
    private static final String VISITED = "sdk-visited";
    private static final String DATA_ID = "sdk-watched.yaml";
    private static final long LOSS_MS = 8_000; // of calls while a node is lost: more than it takes to be noticed
    private static final long BACK_MS = 3_000;
    private static final long BEHIND_MS = 1_000; // a read from another node than the one written to may be this old
    private static final long FIRST_MS = 10_000;
    private static final long TOLD_MS = 15_000;

    private final Report report;
    private final AtomicInteger empty = new AtomicInteger(); // lists without an instance that were told
    private final long patienceMs; // for a call to be made again, where the SDK is connected to one node and may need another one
    private NamingService naming;
    private NamingService other; // has the other instance: a connection has one of each service
    private ConfigService config;
    private volatile String told = "";
    private int version;

    Cluster(Report report, long patienceMs) {
        this.report = report;
        this.patienceMs = patienceMs;
    }

    private interface Call {
        void run() throws Exception;
    }

    void run() {
        boolean ready = report.check("register", () -> {
            naming = NamingFactory.createNamingService(Naming.properties("", null));
            naming.registerInstance(SERVICE, Naming.instance(9001, Map.of()));
            other = NamingFactory.createNamingService(Naming.properties("", null));
            other.registerInstance(SERVICE, Naming.instance(9002, Map.of()));
            naming.subscribe(SERVICE, e -> {
                if (((NamingEvent) e).getInstances().isEmpty()) {
                    empty.incrementAndGet();
                }
            });
            patiently(FIRST_MS, this::listed);
            empty.set(0); // what was told before the first list
            return null;
        });
        ready = ready && report.check("publish", () -> {
            config = Config.client("", null);
            publish();
            config.addListener(DATA_ID, Config.GROUP, new Listener() {
                @Override
                public Executor getExecutor() {
                    return null;
                }

                @Override
                public void receiveConfigInfo(String content) {
                    told = content;
                }
            });
            return null;
        });
        if (!ready) {
            return;
        }
        for (int n = 1; n <= Http.server().split(",").length; n++) {
            int node = n;
            report.check("node " + n + " lost", () -> during("kill " + node, LOSS_MS));
            report.check("node " + n + " back", () -> during("start " + node, BACK_MS));
        }
        report.check("listener told", () -> {
            publish();
            patiently(TOLD_MS, () -> must(told.equals(content()), "told of " + told + ", written was " + content()));
            return null;
        });
        report.check("never an empty list", () -> {
            must(empty.get() == 0, "told of an empty list " + empty.get() + " times");
            return null;
        });
        report.check("deregister", () -> {
            other.deregisterInstance(SERVICE, Naming.ADDRESS, 9002);
            return null;
        });
    }

    /** Has something done to a node and works on for a time. No call may fail for longer than patience. */
    private String during(String what, long limitMs) throws Exception {
        report.ask(what);
        long began = System.nanoTime();
        long slowest = 0;
        int calls = 0;
        Map<String, Call> all = Map.of("publish", this::publish, "list", this::listed, "register", this::visit);
        while (System.nanoTime() - began < TimeUnit.MILLISECONDS.toNanos(limitMs)) {
            for (Map.Entry<String, Call> call : all.entrySet()) {
                long at = System.nanoTime();
                try {
                    patiently(patienceMs, call.getValue());
                } catch (Exception e) {
                    throw new IllegalStateException(
                            call.getKey() + ", " + (at - began) / 1_000_000 + " ms after it, call " + calls + ": " + e, e);
                }
                slowest = Math.max(slowest, System.nanoTime() - at);
                calls++;
            }
            Thread.sleep(200);
        }
        return calls + " rounds of calls, the slowest " + slowest / 1_000_000 + " ms";
    }

    private String content() {
        return "v: " + version;
    }

    /** Writes the next version, which any node has a moment later. */
    private void publish() throws Exception {
        version++;
        must(config.publishConfig(DATA_ID, Config.GROUP, content()), "the SDK says that the publish failed");
        patiently(BEHIND_MS, () -> Config.reads(config, DATA_ID, content()));
    }

    /** Asks a server for the service, which must have both its instances. */
    private void listed() throws Exception {
        List<?> hosts = naming.selectInstances(SERVICE, true, false);
        if (hosts.isEmpty() && version > 0) {
            empty.incrementAndGet();
        }
        must(hosts.size() == 2, "listed are " + hosts);
    }

    private void visit() throws Exception {
        naming.registerInstance(VISITED, Naming.instance(9003, Map.of()));
        naming.deregisterInstance(VISITED, Naming.ADDRESS, 9003);
    }

    private static void patiently(long limitMs, Call call) throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
        for (;;) {
            try {
                call.run();
                return;
            } catch (Exception e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
            Thread.sleep(20);
        }
    }
}
