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

/// Of the groups from the process's own up to the root, that which has least. Those of the first version of control
/// groups aren't read: few systems have them.
fn of_groups(groups: &str) -> Option<u64> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let root = Path::new("/sys/fs/cgroup");
    let own = root.join(own.trim_start_matches('/'));
    own.ancestors().take_while(|group| group.starts_with(root)).filter_map(of_group).min()
}

/// `None` if it has no limit.
fn of_group(group: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
    let cached = fs::read_to_string(group.join("memory.stat")).ok().and_then(|stat| inactive_files(&stat));
    let used = read("memory.current")?.saturating_sub(cached.unwrap_or(0));
    Some(read("memory.max")?.saturating_sub(used))
}

/// Bytes of files that the system drops before anything else.
fn inactive_files(stat: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix("inactive_file "))?.trim().parse().ok()
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
        assert_eq!(inactive_files("anon 5\ninactive_file 4096\nactive_file 1\n"), Some(4_096));
        assert_eq!(inactive_files("anon 5\n"), None);
    }

    #[test]
    fn a_group_with_a_limit_has_what_is_left_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let group = |max: &str, current: &str, stat: &str| {
            for (name, text) in [("memory.max", max), ("memory.current", current), ("memory.stat", stat)] {
                fs::write(dir.path().join(name), text).unwrap();
            }
            of_group(dir.path())
        };
        assert_eq!(group("1000\n", "700\n", "inactive_file 100\n"), Some(400));
        assert_eq!(group("1000\n", "1700\n", ""), Some(0));
        assert_eq!(group("max\n", "700\n", ""), None);
    }
}
