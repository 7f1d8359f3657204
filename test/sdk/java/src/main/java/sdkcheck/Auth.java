package sdkcheck;

import static sdkcheck.Report.ms;
import static sdkcheck.Report.must;

import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** The checks with authorization enforced. */
final class Auth {
    private final Report report;
    private final boolean silent;
    private final int life = Integer.parseInt(System.getenv("AUTH_TOKEN_SECONDS"));

    /** Silent SDKs keep it to themselves why a publish failed. */
    Auth(Report report, boolean silent) {
        this.report = report;
        this.silent = silent;
    }

    void run() {
        Account writer = Account.of("AUTH_WRITER");
        report.check("right password", () -> expect(writer, true, true));
        CompletableFuture<String> longer = background(() -> keepWriting(writer));
        CompletableFuture<String> token = background(() -> tokenEnds(writer));
        report.check("wrong password", () -> expect(Account.of("AUTH_WRONG"), false, false));
        report.check("no password", () -> expect(null, false, false));
        report.check("read permission only", () -> expect(Account.of("AUTH_READER"), true, false));
        report.check("no permission", () -> expect(Account.of("AUTH_NOBODY"), false, false));
        report.check("token expires", token::get);
        report.check("login again while running", longer::get);
    }

    private static CompletableFuture<String> background(Callable<String> work) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return work.call();
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        }, r -> new Thread(r).start());
    }

    /** Does with one account what an application does, and says which of it must work. */
    private String expect(Account who, boolean read, boolean write) throws Exception {
        ConfigService config = Config.client("", who);
        NamingService naming = NamingFactory.createNamingService(Naming.properties("", who));
        String name = "sdk-by-" + (who == null ? "" : who.user);
        allowed("config read", read, () -> {
            Config.reads(config, "sdk-secret", "open sesame");
            return null;
        });
        allowed("config publish", write, () -> {
            if (!config.publishConfig(name, Config.GROUP, "x")) {
                throw silent ? new Unsaid() : new IllegalStateException("the SDK says that the publish failed");
            }
            return null;
        });
        allowed("service list", read, () -> naming.getServicesOfServer(1, 10));
        allowed("instance register", write, () -> {
            naming.registerInstance(name, Naming.instance(9400, Map.of()));
            return null;
        });
        config.shutDown();
        naming.shutDown();
        return null;
    }

    /** A publish that failed for a reason that the SDK does not tell. */
    private static final class Unsaid extends Exception {
        private static final long serialVersionUID = 1;
    }

    private static void allowed(String what, boolean want, Callable<?> action) {
        Exception failed = null;
        try {
            action.call();
        } catch (Exception e) {
            failed = e;
        }
        must((failed == null) == want, what + ": allowed " + (failed == null) + ", want " + want + " (" + failed + ")");
        must(failed == null || failed instanceof NacosException && ((NacosException) failed).getErrCode() == 403 || failed instanceof Unsaid,
                what + " is refused otherwise than with 403: " + failed);
    }

    /** Uses one token until it is refused. */
    private String tokenEnds(Account who) throws Exception {
        long asked = System.nanoTime();
        HttpResponse<String> r = Http.request("POST", "/v1/auth/users/login",
                Map.of("username", who.user, "password", who.password), Map.of());
        long answered = System.nanoTime(); // the life began between these two
        must(r.statusCode() == 200, "login: " + r.statusCode() + " " + r.body());
        JsonNode login = new ObjectMapper().readTree(r.body());
        long ttl = login.get("tokenTtl").asLong();
        must(ttl == life || ttl == life - 1, "tokenTtl is " + ttl + ", set are " + life);
        for (;;) {
            r = Http.request("GET", "/v1/cs/configs", Map.of("dataId", "sdk-secret", "group", Config.GROUP,
                    "accessToken", login.get("accessToken").asText()), Map.of());
            double most = ms(System.nanoTime() - asked) / 1000;
            double least = ms(System.nanoTime() - answered) / 1000;
            if (r.statusCode() != 200) {
                must(r.statusCode() == 403 && most >= life, "after " + most + " s: " + r.statusCode() + " " + r.body());
                return String.format("refused with 403 after %.1f s of %d", least, life);
            }
            must(least <= life + 2, "still taken after " + least + " s");
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    /** Publishes for longer than a token lives: the SDK must have logged in again by itself. */
    private String keepWriting(Account who) throws Exception {
        ConfigService config = Config.client("", who);
        long began = System.nanoTime();
        int n = 0;
        while (System.nanoTime() - began < TimeUnit.MILLISECONDS.toNanos(life * 2500L)) {
            try {
                Config.publish(config, "sdk-long", Integer.toString(n++));
            } catch (Exception e) {
                throw new IllegalStateException("after " + ms(System.nanoTime() - began) / 1000 + " s: " + e, e);
            }
            TimeUnit.MILLISECONDS.sleep(500);
        }
        must(n > 10, "too few writes to tell");
        return n + " writes in " + life * 2.5 + " s";
    }
}
