//! What this machine has that the jail needs, for people to read.

use std::fs;

use crate::cgroup::Hierarchies;
use crate::restrict;

/// Names and values, in the order in which they are shown.
#[must_use]
pub fn facts() -> Vec<(&'static str, String)> {
    let root = nix::unistd::geteuid().is_root();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let found = Hierarchies::find(None, root);
    let cgroups = match (&found.v2, found.v1.is_empty()) {
        (Some(v2), true) => format!("version 2 at {}", v2.folder.display()),
        (Some(v2), false) => {
            let names: Vec<&str> = found.v1.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            format!("both: {names} in version 1, the rest in version 2 at {}", v2.folder.display())
        }
        (None, false) => "version 1".to_owned(),
        (None, true) => "none".to_owned(),
    };
    let missing = if found.missing.is_empty() {
        "nothing".to_owned()
    } else {
        format!("{}: have them mounted or delegated", found.missing.join(", "))
    };
    let landlock = match restrict::version() {
        0 => {
            "none: boot with landlock in the list lsm=, the other layers hold without it".to_owned()
        }
        version => format!("version {version} is used"),
    };
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default().lines().count();
    let user = nix::unistd::geteuid();
    vec![
        ("kernel", format!("{} {}", kernel.trim(), std::env::consts::ARCH)),
        ("user", if root { "root".to_owned() } else { format!("{user}, not root") }),
        ("cgroups", cgroups),
        ("missing", missing),
        ("landlock", landlock),
        ("swap", if swaps > 1 { "on; jobs may not use it" } else { "off" }.to_owned()),
        ("namespaces", namespaces()),
    ]
}

/// How many user namespaces there may be, and what forbids ordinary users to make them.
fn namespaces() -> String {
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
    let most = read("user/max_user_namespaces");
    let mut text = format!("at most {} user namespaces", most.trim());
    if read("kernel/unprivileged_userns_clone").trim() == "0" {
        text.push_str("; none for ordinary users: sysctl kernel.unprivileged_userns_clone=1");
    }
    if read("kernel/apparmor_restrict_unprivileged_userns").trim() == "1" {
        text.push_str(
            "; AppArmor restricts them: sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        );
    }
    text
}
