//! Makes the plan of a jail from its image, and the plan of a job from its specification.

use super::{Build, Job, Resource, STAGE, Step};
use crate::image::{Bind, Image};
use crate::limits::Limits;
use crate::spec::Spec;
use crate::tier::Tier;

/// User and group ids inside a jail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ids {
    /// The keeper's.
    pub(crate) keeper: u32,
    /// The program's.
    pub(crate) program: u32,
}

impl Ids {
    /// An ordinary user can map one id only, so keeper and program share it there.
    pub(crate) const fn of(tier: Tier) -> Self {
        match tier {
            Tier::Full => Self { keeper: 0, program: 1000 },
            Tier::Rootless | Tier::RootlessNoCgroup => Self { keeper: 1000, program: 1000 },
        }
    }
}

/// What a jail is built from, before there is a job for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walls<'a> {
    pub(crate) tier: Tier,
    pub(crate) image: &'a Image,
    /// The kernel's version of Landlock, 0 if it has none.
    pub(crate) landlock: u32,
    /// Whether the job has cgroups of version 2, and of version 1.
    pub(crate) v2: bool,
    pub(crate) v1: bool,
}

/// The plan of a jail that stands ready: its walls, and its program's process without a program.
pub(crate) fn build(of: Walls<'_>) -> Build {
    Build { walls: walls(of), program: program(of), born_in_cgroup: of.v2 }
}

const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// The root holds folders, links and three small files; 1 MiB and 512 entries are ample.
const ROOT_BYTES: u64 = 1 << 20;
const ROOT_FILES: u64 = 512;
const PASSWD: &str = "root:x:0:0::/:/bin/false\nuser:x:1000:1000::/work:/bin/sh\n\
    nobody:x:65534:65534::/:/bin/false\n";
const GROUP: &str = "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n";

/// The steps that put a root together, once for all jails with the same image; none where each jail
/// has to build its own. They are carried out by a process that ends afterwards: what is left is its
/// mount namespace, of which each jail's is a copy. A jail's user namespace is another, so the kernel
/// locks every mount of the copy: not even the keeper can take one away or make it writable.
///
/// That proc is the one of a pid namespace that is dead by then, and shows nothing. Each jail mounts
/// its own over it, which the kernel allows only where it finds one.
pub(crate) fn root(of: Walls<'_>) -> Vec<Step> {
    if !shares_roots(of.tier) {
        return Vec::new();
    }
    let mut steps = found(of.image);
    steps.extend(first(of.tier));
    steps.extend(furnish(of));
    steps
}

/// Whether roots are built once and copied. An ordinary user may not enter the namespace of a root to
/// copy it.
const fn shares_roots(tier: Tier) -> bool {
    matches!(tier, Tier::Full)
}

/// The steps that build a jail's walls, carried out by its keeper (process 1) before there is a job.
fn walls(of: Walls<'_>) -> Vec<Step> {
    let own_root = !shares_roots(of.tier);
    let mut steps = if own_root { found(of.image) } else { Vec::new() };
    steps.extend(first(of.tier));
    steps.extend([Step::NewSession, Step::Hostname { name: "jail".into() }]);
    if own_root {
        steps.extend(furnish(of));
    } else {
        steps.push(Step::Proc { at: "/proc".into() });
    }
    let (limits, owner) = (Limits::default(), Ids::of(of.tier).program);
    steps.extend(["/work", "/tmp"].map(|at| Step::Tmpfs {
        at: at.into(),
        size_bytes: limits.work_bytes,
        files: limits.work_files,
        mode: 0o700,
        owner,
        exec: true,
    }));
    // The program's process inherits the empty sets; the keeper needs what it has a little longer.
    steps.extend([Step::EmptyBoundingSet, Step::Undumpable]);
    steps
}

/// First of all: a part may lie in a folder that only the supervisor's own user may enter, and after
/// the next step the process is another.
fn found(image: &Image) -> Vec<Step> {
    image.binds.iter().map(|bind| Step::HoldPart { from: from(bind) }).collect()
}

fn from(bind: &Bind) -> String {
    bind.from.to_string_lossy().into_owned()
}

/// What every process 1 does first.
fn first(tier: Tier) -> [Step; 3] {
    [
        Step::BecomeFirst { setgroups: tier == Tier::Full },
        Step::DieWithZygote,
        // Not the supervisor's own: folders of the root that nobody may enter would be useless.
        Step::Umask { mask: 0o022 },
    ]
}

/// The steps from the machine's root to a jail's own, which is read-only then.
fn furnish(of: Walls<'_>) -> Vec<Step> {
    let at = |place: &str| format!("{STAGE}{place}");
    let mut steps = vec![
        Step::PrivateMounts,
        Step::Tmpfs {
            at: STAGE.into(),
            size_bytes: ROOT_BYTES,
            files: ROOT_FILES,
            mode: 0o755,
            owner: Ids::of(of.tier).keeper,
            exec: false,
        },
    ];
    for (place, target) in &of.image.links {
        steps.push(Step::Link { at: at(place), target: target.clone() });
    }
    for bind in &of.image.binds {
        steps.push(Step::Bind { from: from(bind), to: at(&bind.to) });
    }
    steps.extend(DEVICES.map(|name| Step::Device { name: name.into() }));
    for (name, target) in
        [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
    {
        steps.push(Step::Link { at: at(&format!("/dev/{name}")), target: target.into() });
    }
    steps.push(Step::Text { at: at("/etc/passwd"), text: PASSWD.into() });
    steps.push(Step::Text { at: at("/etc/group"), text: GROUP.into() });
    steps.extend(["/work", "/tmp", "/proc"].map(|place| Step::Folder { at: at(place) }));
    steps.extend([Step::Proc { at: at("/proc") }, Step::PivotRoot, Step::SealRoot]);
    steps
}

/// The steps of one job: those of the keeper, and those of the program's own process.
pub(crate) fn job(spec: &Spec, tier: Tier) -> Job {
    let ids = Ids::of(tier);
    let limits = &spec.limits;
    let mut fill = Vec::new();
    let usual = Limits::default();
    if (limits.work_bytes, limits.work_files) != (usual.work_bytes, usual.work_files) {
        fill.extend(["/work", "/tmp"].map(|at| Step::ResizeTmpfs {
            at: at.into(),
            size_bytes: limits.work_bytes,
            files: limits.work_files,
        }));
    }
    let mut offset = 0;
    for file in &spec.files {
        let length = file.bytes.len() as u64;
        fill.push(Step::File {
            at: format!("/work/{}", file.name),
            offset,
            length,
            executable: file.executable,
            owner: ids.program,
        });
        offset += length;
    }
    Job { fill, run: run(spec, tier) }
}

/// The steps of the program's process when it is born: all that can be done before there is a job.
/// From here on it has no right, and no call, that the program will not have.
fn program(of: Walls<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    // The cgroups come first: whatever this process uses from here on is billed to the job.
    if of.v1 {
        steps.push(Step::JoinGroups);
    }
    if of.tier.has_cgroups() {
        steps.push(Step::CgroupNamespace);
    }
    steps.extend([Step::NewSession, Step::DefaultSignals, Step::WorkFolder]);
    if of.tier == Tier::Full {
        steps.push(Step::NoGroups);
    }
    let id = Ids::of(of.tier).program;
    steps.extend([Step::Become { id }, Step::DropCapabilities, Step::NoNewPrivileges]);
    if of.landlock > 0 {
        steps.push(Step::Landlock { abi: of.landlock });
    }
    steps.push(Step::FilterCalls);
    steps
}

/// The steps of the program's process once it has a job.
fn run(spec: &Spec, tier: Tier) -> Vec<Step> {
    let mut steps = vec![Step::StandardStreams, Step::CloseTheRest];
    for (which, value) in rlimits(&spec.limits, tier) {
        steps.push(Step::Rlimit { which, value });
    }
    let (arguments, environment) = (spec.words(), spec.environment());
    steps.extend([Step::Starting, Step::Execute { arguments, environment }]);
    steps
}

/// Limits of each process. With cgroups they lie beneath the job's own, so that the job's are the
/// ones that are met and told; without cgroups they are all there is.
fn rlimits(limits: &Limits, tier: Tier) -> Vec<(Resource, u64)> {
    let spare = u64::from(tier.has_cgroups());
    let cpu_s = limits.cpu_ms.div_ceil(1_000) + spare;
    // A deep recursion ends at the memory limit, or at the guard page just before it. Without
    // cgroups the address space is limited, and every thread reserves a stack of this size in it.
    let few = limits.memory_bytes.div_ceil(4).min(8 << 20);
    let stack = if tier.has_cgroups() { limits.memory_bytes } else { few };
    // The cgroup counts who was refused a process, so it must be the one that refuses: forks that are under way at once
    // are counted by this limit first, and with one to spare it was now and then met instead.
    let processes = if tier.has_cgroups() { 2 * limits.processes } else { limits.processes };
    let mut all = vec![
        (Resource::Core, 0),
        (Resource::Cpu, cpu_s),
        (Resource::FileSize, limits.file_bytes),
        (Resource::LockedMemory, 0),
        (Resource::MessageQueues, 0),
        (Resource::Nice, 0),
        (Resource::OpenFiles, limits.open_files),
        (Resource::PendingSignals, limits.processes.max(64)),
        (Resource::Processes, processes),
        (Resource::RealTimePriority, 0),
        (Resource::Stack, stack),
    ];
    if !tier.has_cgroups() {
        // Not with cgroups: runtimes reserve far more address space than they ever use.
        all.push((Resource::AddressSpace, limits.memory_bytes));
        all.push((Resource::Data, limits.memory_bytes));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::InputFile;

    fn text(tier: Tier, v2: bool, v1: bool) -> String {
        let mut image = Image::bare();
        image.bind("/usr", "/usr");
        image.bind("/opt/python", "/python");
        image.links.push(("/bin".into(), "usr/bin".into()));
        let mut spec = Spec::new(image.clone(), ["python3", "main.py"]);
        spec.limits.work_bytes *= 2;
        spec.files.push(InputFile {
            name: "main.py".into(),
            bytes: b"print(1)".into(),
            executable: false,
        });
        let walls = Walls { tier, image: &image, landlock: 7, v2, v1 };
        let mut lines = vec![format!("tier {tier}")];
        let root = root(walls);
        if !root.is_empty() {
            lines.push(
                "once for all jails with this image: a process puts the root together".into(),
            );
            lines.extend(root.iter().map(line));
        }
        lines.push("before there is a job: the keeper builds the walls".into());
        let build = build(walls);
        lines.extend(build.walls.iter().map(line));
        let born = if build.born_in_cgroup { " in the job's cgroup of version 2" } else { "" };
        lines.push(format!("the program's process is born{born}, and then waits"));
        lines.extend(build.program.iter().map(line));
        let job = job(&spec, tier);
        lines.push("there is a job: the keeper fills the jail, and drops its rights".into());
        lines.extend(job.fill.iter().map(line));
        lines.push("the program's process".into());
        lines.extend(job.run.iter().map(line));
        lines.join("\n") + "\n"
    }

    fn line(step: &Step) -> String {
        format!("  {:<17} {step}", step.layer().name())
    }

    fn snapshot(name: &str, now: &str) {
        let path = format!("{}/src/plan/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("PLAYHOUSE_TEST_UPDATE").is_some() {
            std::fs::write(&path, now).unwrap();
        }
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(before == now, "the plan is no longer the one in {path}:\n{now}");
    }

    #[test]
    fn the_plan_of_the_full_tier_is_the_one_that_was_read_and_agreed_to() {
        snapshot("full", &text(Tier::Full, true, true));
    }

    #[test]
    fn the_plan_of_the_rootless_tier_is_the_one_that_was_read_and_agreed_to() {
        snapshot("rootless", &text(Tier::Rootless, true, false));
    }

    #[test]
    fn the_plan_without_cgroups_is_the_one_that_was_read_and_agreed_to() {
        snapshot("rootless-no-cgroup", &text(Tier::RootlessNoCgroup, false, false));
    }

    #[test]
    fn the_program_waits_for_its_job_without_capabilities_and_behind_the_filter() {
        for tier in Tier::ALL {
            let image = Image::bare();
            let born =
                build(Walls { tier, image: &image, landlock: 1, v2: true, v1: true }).program;
            let place = |wanted: &Step| born.iter().position(|step| step == wanted).unwrap();
            assert_eq!(place(&Step::FilterCalls), born.len() - 1);
            assert!(place(&Step::DropCapabilities) < place(&Step::NoNewPrivileges));
            let run = job(&Spec::new(image, ["true"]), tier).run;
            assert!(matches!(run[..], [.., Step::Starting, Step::Execute { .. }]));
        }
    }

    #[test]
    fn a_process_too_many_is_refused_by_the_cgroup_which_counts_it_and_not_by_the_rlimit() {
        let limits = Limits::default();
        for tier in Tier::ALL {
            let all = rlimits(&limits, tier);
            let most =
                all.iter().find(|(of, _)| *of == Resource::Processes).map_or(0, |(_, most)| *most);
            let spare = most - limits.processes;
            // As many as can be forked at once.
            assert_eq!(spare, if tier.has_cgroups() { limits.processes } else { 0 }, "{tier}");
        }
    }
}
