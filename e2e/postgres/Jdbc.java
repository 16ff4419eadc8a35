import java.sql.*;
import java.util.*;

/** What JDBC's tools do first: connect, look at tables and columns, ask with parameters, read in parts, only read. */
public final class Jdbc {
    static int failures = 0;

    static void check(String what, Object got, Object expect) {
        if (!Objects.equals(got, expect)) {
            failures++;
            System.out.println(what + ": got " + got + ", expected " + expect);
        }
    }

    static Set<String> column(ResultSet rows, String name) throws SQLException {
        Set<String> found = new TreeSet<>();
        try (rows) {
            while (rows.next()) {
                found.add(rows.getString(name));
            }
        }
        return found;
    }

    public static void main(String[] args) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone("Europe/Berlin"));
        long contacts = Long.parseLong(args[1]);
        Properties properties = new Properties();
        properties.setProperty("user", args.length > 2 ? args[2] : "frontdesk");
        if (args.length > 3) {
            properties.setProperty("password", args[3]);
        }
        if (args.length > 4) {
            properties.setProperty("sslmode", args[4]);
            properties.setProperty("channelBinding", "require");
        }
        try (Connection connection = DriverManager.getConnection(args[0], properties)) {
            SQLWarning warning = connection.getWarnings();
            check("a zone that isn't followed is told", warning != null && warning.getMessage().contains("TimeZone is UTC"), true);
            connection.clearWarnings();
            check("valid", connection.isValid(5), true);
            DatabaseMetaData about = connection.getMetaData();
            check("product", about.getDatabaseProductName(), "PostgreSQL");
            Set<String> tables = column(about.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME");
            check("getTables " + tables, tables.containsAll(List.of("contacts", "events", "rejects", "activity")), true);
            Set<String> columns = column(about.getColumns(null, "public", "contacts", "%"), "COLUMN_NAME");
            check("getColumns " + columns, columns.containsAll(List.of("time", "channel", "event_date", "callback")), true);
            check("getSchemas", column(about.getSchemas(), "TABLE_SCHEM").contains("public"), true);
            check("getCatalogs", column(about.getCatalogs(), "TABLE_CAT").contains("frontdesk"), true);

            // There are no keys, indexes, procedures or types of one's own, and that is no error.
            check("getPrimaryKeys", column(about.getPrimaryKeys(null, "public", "contacts"), "COLUMN_NAME"), Set.of());
            check("getIndexInfo", column(about.getIndexInfo(null, "public", "contacts", false, true), "INDEX_NAME"), Set.of());
            check("getImportedKeys", column(about.getImportedKeys(null, "public", "contacts"), "FKCOLUMN_NAME"), Set.of());
            check("getExportedKeys", column(about.getExportedKeys(null, "public", "contacts"), "FKCOLUMN_NAME"), Set.of());
            check("getCrossReference", column(about.getCrossReference(null, "public", "contacts", null, "public", "events"), "FKCOLUMN_NAME"), Set.of());
            check("getBestRowIdentifier", column(about.getBestRowIdentifier(null, "public", "contacts", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME"), Set.of());
            check("getProcedures", column(about.getProcedures(null, "public", "%"), "PROCEDURE_NAME"), Set.of());
            check("getFunctions", column(about.getFunctions(null, "public", "%"), "FUNCTION_NAME"), Set.of());
            check("getUDTs", column(about.getUDTs(null, "public", "%", null), "TYPE_NAME"), Set.of());
            check("getTypeInfo", column(about.getTypeInfo(), "TYPE_NAME").containsAll(List.of("text", "int8", "timestamptz")), true);

            // A day comes with the zone's offset: "2020-01-01 +01".
            for (String day : List.of("event_date", "time")) {
                String since = "select count(*) as n from contacts where channel is not null and " + day + " >= ?";
                try (PreparedStatement statement = connection.prepareStatement(since)) {
                    statement.setDate(1, java.sql.Date.valueOf("2020-01-01"));
                    try (ResultSet rows = statement.executeQuery()) {
                        rows.next();
                        check("setDate for " + day, rows.getLong(1), contacts);
                    }
                }
            }

            // More often than the threshold at which the driver prepares by name and asks for binary.
            String counted = "select count(*) as n from contacts where channel is not null and time > ?";
            try (PreparedStatement statement = connection.prepareStatement(counted)) {
                for (int round = 0; round < 8; round++) {
                    statement.setTimestamp(1, Timestamp.from(java.time.Instant.parse("2020-01-01T00:00:00Z")));
                    try (ResultSet rows = statement.executeQuery()) {
                        rows.next();
                        check("a prepared statement, round " + round, rows.getLong(1), contacts);
                    }
                }
            }
            String first = "select id, time, channel, event_date from contacts where channel is not null order by time, id limit 1";
            Timestamp[] read = new Timestamp[8];
            try (PreparedStatement statement = connection.prepareStatement(first)) {
                for (int round = 0; round < 8; round++) {
                    try (ResultSet rows = statement.executeQuery()) {
                        rows.next();
                        read[round] = rows.getTimestamp("time");
                        check("the same instant, text or binary", read[round], read[0]);
                        check("its type", rows.getMetaData().getColumnTypeName(2), "timestamptz");
                    }
                }
            }
            try (Statement statement = connection.createStatement();
                 ResultSet rows = statement.executeQuery("select cast(extract(epoch from min(time)) as bigint) from contacts where channel is not null")) {
                rows.next();
                check("an instant is the instant, whatever the zone", read[0].getTime() / 1000, rows.getLong(1));
            }

            // A cursor: only in a transaction does the driver fetch in parts.
            connection.setAutoCommit(false);
            connection.setReadOnly(true);
            check("setReadOnly", connection.isReadOnly(), true);
            try (PreparedStatement statement = connection.prepareStatement("select id, time from contacts where channel is not null")) {
                statement.setFetchSize(7);
                long count = 0;
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        count++;
                    }
                }
                check("rows in parts", count, contacts);
            }
            connection.commit();
            connection.setReadOnly(false);
            connection.setAutoCommit(true);
            for (String writes : List.of("delete from events", "create table x (a int)", "set time zone 'Europe/Berlin'")) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(writes);
                    check(writes, "it was done", "a refusal");
                } catch (SQLException error) {
                    check(writes, List.of("25006", "22023").contains(error.getSQLState()), true);
                }
            }
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            connection.setSchema("public");
            check("getSchema", connection.getSchema(), "public");
        }
        System.out.println(failures == 0 ? "JDBC agrees on " + contacts + " contacts" : failures + " failures");
        System.exit(failures == 0 ? 0 : 1);
    }
}
