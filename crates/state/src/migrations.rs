//! What was done to the file, step after step: each has a number, and is never changed after a release.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The steps: number, name, statements.
const STEPS: &[(i64, &str, &str)] = &[
    (1, "views, notes, shares", include_str!("../migrations/0001_views_notes_shares.sql")),
    (2, "mailings", include_str!("../migrations/0002_mailings.sql")),
];

/// What brings a file to the present form, whatever its step.
pub(crate) fn migrator() -> Migrator {
    let step = |(number, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, (*sql).into_sql_str(), false)
    };
    Migrator::with_migrations(STEPS.iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_from_1_without_a_gap() {
        let numbers: Vec<i64> = STEPS.iter().map(|(number, ..)| *number).collect();
        assert_eq!(numbers, (1..).take(STEPS.len()).collect::<Vec<i64>>());
    }
}
