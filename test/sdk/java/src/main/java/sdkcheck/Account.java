package sdkcheck;

/** Who a client logs in as. */
final class Account {
    final String user;
    final String password;

    private Account(String user, String password) {
        this.user = user;
        this.password = password;
    }

    /** Reads "user:password" from the environment. */
    static Account of(String name) {
        String[] parts = System.getenv(name).split(":", 2);
        return new Account(parts[0], parts[1]);
    }
}
