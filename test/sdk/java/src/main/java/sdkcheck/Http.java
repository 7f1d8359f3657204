package sdkcheck;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/** Asks without the SDK, for what the SDK cannot say. */
final class Http {
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5)).build();

    private Http() {
    }

    static String server() {
        return System.getenv("NACOS_SERVER");
    }

    static HttpResponse<String> request(String method, String path, Map<String, String> params, Map<String, String> headers)
            throws IOException, InterruptedException {
        String form = params.entrySet().stream()
                .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        boolean body = method.equals("POST") || method.equals("PUT");
        HttpRequest.Builder b = HttpRequest.newBuilder().timeout(Duration.ofSeconds(10))
                .uri(URI.create("http://" + server() + "/nacos" + path + (body ? "" : "?" + form)))
                .method(method, body ? HttpRequest.BodyPublishers.ofString(form) : HttpRequest.BodyPublishers.noBody());
        if (body) {
            b.header("Content-Type", "application/x-www-form-urlencoded");
        }
        headers.forEach(b::header);
        return CLIENT.send(b.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    static void expect(HttpResponse<String> r, String body) {
        Report.must(r.statusCode() == 200 && r.body().equals(body), "answered " + r.statusCode() + " " + r.body() + ", want " + body);
    }
}
