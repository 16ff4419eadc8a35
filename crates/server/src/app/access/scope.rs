//! What a route demands, and what a key may do.

use std::fmt;

/// What a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: it tells nothing about events.
    Public,
    /// Nothing, or a key that may collect; a datastream can ask for the latter.
    Collect,
    /// A link that shows this alone, and nothing else: keys and sessions aren't looked at.
    Link,
    /// Any key: pages that are the same on every server.
    Key,
    /// A key that may read what was taken in.
    Read,
    /// A key that may work on requests for contact.
    Desk,
    /// A key that may do everything.
    Admin,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Send events.
    Collect,
    /// Read events, reports and numbers.
    Read,
    /// Work on requests for contact.
    Desk,
    /// All of it.
    Admin,
}

impl Scope {
    /// All scopes, the weakest first.
    pub const ALL: [Scope; 4] = [Scope::Collect, Scope::Read, Scope::Desk, Scope::Admin];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Collect => "collect",
            Scope::Read => "read",
            Scope::Desk => "desk",
            Scope::Admin => "admin",
        }
    }

    /// The scope of this name.
    pub fn named(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether a key with this scope is enough. `admin` includes the others; none of them
    /// includes another.
    pub const fn permits(self, access: Access) -> bool {
        match access {
            Access::Public | Access::Key => true,
            Access::Link => false,
            Access::Collect => matches!(self, Scope::Collect | Scope::Admin),
            Access::Read => matches!(self, Scope::Read | Scope::Admin),
            Access::Desk => matches!(self, Scope::Desk | Scope::Admin),
            Access::Admin => matches!(self, Scope::Admin),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_includes_all_and_nothing_else_includes_anything() {
        let check = |scope: Scope, expect: &[Access]| {
            let all = [Access::Public, Access::Collect, Access::Key, Access::Read, Access::Desk, Access::Admin];
            let permitted: Vec<Access> = all.into_iter().filter(|access| scope.permits(*access)).collect();
            assert_eq!(permitted, expect, "{scope}");
            assert_eq!(Scope::named(scope.name()), Some(scope));
        };
        check(Scope::Collect, &[Access::Public, Access::Collect, Access::Key]);
        check(Scope::Read, &[Access::Public, Access::Key, Access::Read]);
        check(Scope::Desk, &[Access::Public, Access::Key, Access::Desk]);
        check(Scope::Admin, &[Access::Public, Access::Collect, Access::Key, Access::Read, Access::Desk, Access::Admin]);
        assert_eq!(Scope::named("root"), None);
    }
}
