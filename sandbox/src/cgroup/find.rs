//! Finds the cgroup hierarchies of this machine, and the folder of each in which ours may be made.

use std::fs;
use std::path::{Path, PathBuf};

use super::CONTROLLERS;

/// Version 2: a folder, and whether its controllers are there, or version 1 has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct V2 {
    pub(crate) folder: PathBuf,
    pub(crate) controllers: bool,
}

/// Where cgroups can be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Hierarchies {
    pub(crate) v2: Option<V2>,
    /// Controllers that only version 1 has here, with the folder for ours.
    pub(crate) v1: Vec<(&'static str, PathBuf)>,
    /// Controllers that no hierarchy has.
    pub(crate) missing: Vec<&'static str>,
}

/// One mounted hierarchy.
#[derive(Debug)]
struct Mounted {
    version: u8,
    root: String,
    at: PathBuf,
    options: String,
}

impl Hierarchies {
    /// Looks at the mounts and the cgroups of this process. `below` names the folder to use in every
    /// hierarchy; without it that is the process's own, or for `root` the top of version 2.
    pub(crate) fn find(below: Option<&Path>, root: bool) -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let controllers = |folder: &Path| {
            fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default()
        };
        Self::choose(&mounts, &own, below, root, controllers)
    }

    fn choose(
        mounts: &str,
        own: &str,
        below: Option<&Path>,
        root: bool,
        controllers: impl Fn(&Path) -> String,
    ) -> Self {
        let mounted: Vec<Mounted> = mounts.lines().filter_map(mounted).collect();
        let mut found = Self::default();
        if let Some(mount) = mounted.iter().find(|mount| mount.version == 2) {
            let has = |folder: &Path| {
                let listed = controllers(folder);
                CONTROLLERS.iter().all(|one| listed.split_whitespace().any(|other| other == *one))
            };
            let all = has(&mount.at);
            let folder = match below {
                None if root && all => mount.at.clone(),
                _ => folder(mount, own, "", below),
            };
            // Without a controller version 2 is a help only, so it is left alone where the folder
            // is not ours to write in.
            let usable =
                all || nix::unistd::access(&folder, nix::unistd::AccessFlags::W_OK).is_ok();
            if usable {
                found.v2 = Some(V2 { controllers: has(&folder), folder });
            }
        }
        let in_v2 = found.v2.as_ref().is_some_and(|v2| v2.controllers);
        let wanted = CONTROLLERS.iter().filter(|_| !in_v2);
        for controller in wanted {
            match v1(&mounted, controller) {
                Some(mount) => {
                    found.v1.push((controller, folder(mount, own, controller, below)));
                }
                None => found.missing.push(controller),
            }
        }
        if found.v2.is_none() {
            match v1(&mounted, "cpuacct") {
                Some(mount) if v1(&mounted, "cpu").is_some_and(|cpu| cpu.at == mount.at) => {}
                Some(mount) => found.v1.push(("cpuacct", folder(mount, own, "cpuacct", below))),
                None => found.missing.push("cpuacct"),
            }
        }
        found
    }
}

fn v1<'a>(mounted: &'a [Mounted], controller: &str) -> Option<&'a Mounted> {
    mounted.iter().find(|mount| {
        mount.version == 1 && mount.options.split(',').any(|option| option == controller)
    })
}

/// The folder of a hierarchy: the one that was named, or the process's own.
fn folder(mount: &Mounted, own: &str, controller: &str, below: Option<&Path>) -> PathBuf {
    if let Some(below) = below {
        return mount.at.join(below.strip_prefix("/").unwrap_or(below));
    }
    let line = own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let ours = if controller.is_empty() {
            controllers.is_empty()
        } else {
            controllers.split(',').any(|one| one == controller)
        };
        ours.then_some(path)
    });
    let path = line.unwrap_or("/");
    // In a container the mount shows only a part of the hierarchy.
    let below = path.strip_prefix(mount.root.trim_end_matches('/')).unwrap_or("");
    mount.at.join(below.trim_start_matches('/'))
}

/// Reads one line of `mountinfo`, if it is a cgroup hierarchy.
fn mounted(line: &str) -> Option<Mounted> {
    let (left, right) = line.split_once(" - ")?;
    let mut left = left.split(' ').skip(3);
    let (root, at) = (left.next()?.to_owned(), PathBuf::from(left.next()?));
    let mut right = right.split(' ');
    let version = match right.next()? {
        "cgroup" => 1,
        "cgroup2" => 2,
        _ => return None,
    };
    let options = right.nth(1)?.to_owned();
    Some(Mounted { version, root, at, options })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
25 1 0:22 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
26 1 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
27 1 0:24 / /sys/fs/cgroup/pids rw shared:9 - cgroup cgroup rw,pids
28 1 0:25 / /tmp rw - tmpfs tmpfs rw
29 1 0:26 / /proc rw - cgroup2 cgroup2 rw
";

    #[test]
    fn a_machine_with_both_versions_is_limited_by_version_1_and_killed_by_version_2() {
        let own = "4:memory:/api/7\n2:cpu:/\n3:pids:/\n0::/\n";
        let found = Hierarchies::choose(HYBRID, own, None, true, |_| "hugetlb\n".into());
        assert_eq!(found.missing, Vec::<&str>::new());
        assert!(!found.v2.unwrap().controllers);
        let places: Vec<String> =
            found.v1.iter().map(|(name, at)| format!("{name} {}", at.display())).collect();
        assert_eq!(
            places,
            [
                "memory /sys/fs/cgroup/memory/api/7",
                "pids /sys/fs/cgroup/pids/",
                "cpu /sys/fs/cgroup/cpu/"
            ]
        );
    }

    #[test]
    fn a_machine_of_today_needs_version_2_alone_and_root_uses_its_top() {
        let mounts = "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
        let own = "0::/user.slice/session-1.scope\n";
        let all = |_: &Path| "cpuset cpu io memory pids\n".to_owned();
        let found = Hierarchies::choose(mounts, own, None, true, all);
        let top = V2 { folder: "/sys/fs/cgroup".into(), controllers: true };
        assert_eq!(found, Hierarchies { v2: Some(top), ..Hierarchies::default() });
        let found = Hierarchies::choose(mounts, own, None, false, all);
        let folder = found.v2.unwrap().folder;
        assert_eq!(folder, Path::new("/sys/fs/cgroup/user.slice/session-1.scope"));
        let below = Some(Path::new("/given"));
        let found = Hierarchies::choose(mounts, own, below, false, all);
        assert_eq!(found.v2.unwrap().folder, Path::new("/sys/fs/cgroup/given"));
    }

    #[test]
    fn what_no_hierarchy_has_is_named() {
        let found = Hierarchies::choose("", "", None, true, |_| String::new());
        assert_eq!(found.missing, ["memory", "pids", "cpu", "cpuacct"]);
    }
}
