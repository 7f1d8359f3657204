package sdkcheck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;

/** Prints one line per check. */
final class Report {
    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private boolean failed;

    /** Runs a check, which answers what there is to tell beyond "ok" (or null) and throws when it fails. */
    boolean check(String name, Callable<String> check) {
        String result = "ok";
        String detail;
        try {
            detail = check.call();
        } catch (Exception e) {
            failed = true;
            result = "fail";
            detail = e.toString();
            e.printStackTrace();
        }
        String line = detail == null ? "" : detail.replace('\n', ' ').replace('\t', ' ');
        System.out.println("@check\t" + name + "\t" + result + "\t" + line);
        return result.equals("ok");
    }

    /** Has the runner do something to the server, and waits until it is done. */
    void ask(String what) throws IOException {
        System.out.println("@ask\t" + what);
        String answer = in.readLine();
        if (!"done".equals(answer)) {
            throw new IOException("the runner answered " + answer);
        }
    }

    boolean failed() {
        return failed;
    }

    static void must(boolean holds, String message) {
        if (!holds) {
            throw new IllegalStateException(message);
        }
    }

    static double ms(long nanos) {
        return nanos / 1e6;
    }
}
