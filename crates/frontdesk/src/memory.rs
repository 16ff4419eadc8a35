//! How much memory there is.

use std::fs;
use std::path::Path;

/// Bytes that this process can still take without harm to others: of the machine, or of the control group that it is in,
/// whichever has less. `None` where the system doesn't say (it does on Linux).
pub(crate) fn available_bytes() -> Option<u64> {
    let machine = of_machine(&fs::read_to_string("/proc/meminfo").ok()?);
    let group = fs::read_to_string("/proc/self/cgroup").ok().and_then(|groups| of_groups(&groups));
    [machine, group].into_iter().flatten().min()
}

fn of_machine(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// How one version of control groups tells of memory.
struct Version {
    /// Before the path of the process's own group, in the list of its groups.
    prefix: &'static str,
    root: &'static str,
    limit: &'static str,
    used: &'static str,
    /// Before the bytes of files that the system drops before anything else.
    inactive_files: &'static str,
}

const VERSIONS: [Version; 2] = [
    Version {
        prefix: "0::",
        root: "/sys/fs/cgroup",
        limit: "memory.max",
        used: "memory.current",
        inactive_files: "inactive_file ",
    },
    Version {
        prefix: ":memory:",
        root: "/sys/fs/cgroup/memory",
        limit: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes",
        inactive_files: "total_inactive_file ",
    },
];

/// Of the groups from the process's own up to the root, that which has least.
fn of_groups(groups: &str) -> Option<u64> {
    let of_version = |version: &'static Version| {
        let root = Path::new(version.root);
        let own = groups.lines().find_map(|line| Some(line.split_once(version.prefix)?.1))?;
        let own = root.join(own.trim_start_matches('/'));
        own.ancestors().take_while(|group| group.starts_with(root)).filter_map(|group| version.of_group(group)).min()
    };
    VERSIONS.iter().filter_map(of_version).min()
}

impl Version {
    /// `None` if it has no limit.
    fn of_group(&self, group: &Path) -> Option<u64> {
        let read = |name: &str| fs::read_to_string(group.join(name)).ok();
        let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
        let stat = read("memory.stat").unwrap_or_default();
        let inactive = stat.lines().find_map(|line| line.strip_prefix(self.inactive_files)?.trim().parse().ok());
        let used = number(self.used)?.saturating_sub(inactive.unwrap_or(0));
        Some(number(self.limit)?.saturating_sub(used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_system_says() {
        let meminfo = "MemTotal:       24681264 kB\nMemFree:  1 kB\nMemAvailable:   22154856 kB\n";
        assert_eq!(of_machine(meminfo), Some(22_154_856 * 1024));
        assert_eq!(of_machine("MemTotal: 1 kB\n"), None);
        assert_eq!(of_machine("MemAvailable: many kB\n"), None);
    }

    #[test]
    fn a_group_with_a_limit_has_what_is_left_of_it() {
        let dir = tempfile::tempdir().unwrap();
        for version in &VERSIONS {
            let group = |limit: &str, used: &str, stat: &str| {
                for (name, text) in [(version.limit, limit), (version.used, used), ("memory.stat", stat)] {
                    fs::write(dir.path().join(name), text).unwrap();
                }
                version.of_group(dir.path())
            };
            let stat = format!("anon 5\n{}100\nactive_file 1\n", version.inactive_files);
            assert_eq!(group("1000\n", "700\n", &stat), Some(400));
            assert_eq!(group("1000\n", "700\n", "anon 5\n"), Some(300));
            assert_eq!(group("1000\n", "1700\n", ""), Some(0));
            assert_eq!(group("max\n", "700\n", ""), None);
        }
    }

    #[test]
    fn groups_that_are_not_there_have_no_limit() {
        assert_eq!(of_groups("9:pids:/a\n0::/none/such\n4:memory:/none/such\n"), of_groups("0::/\n4:memory:/\n"));
        assert_eq!(of_groups("9:pids:/a\n"), None);
    }
}
