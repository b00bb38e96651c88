//! Carries out the steps of a plan, one by one, and stops at the first that fails.

use std::os::fd::RawFd;

use nix::errno::Errno;

use crate::error::StepFailed;
use crate::plan::{STAGE, Step};
use crate::syscall::{Syscalls, Tmpfs};

/// Descriptors that steps refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Descriptors {
    /// Becomes readable when the zygote has died.
    pub(crate) zygote: RawFd,
    /// The door of the program's process: its socket to the supervisor.
    pub(crate) door: RawFd,
    /// Standard input, output and error of the program.
    pub(crate) streams: [RawFd; 3],
    /// The contents of all input files, one after the other.
    pub(crate) files: RawFd,
    /// Open `tasks` files of the job's cgroups of version 1.
    pub(crate) tasks: Vec<RawFd>,
}

/// Carries out `steps` in order.
///
/// # Errors
///
/// The step that failed. What comes after it was not done.
pub(crate) fn carry_out(
    steps: &[Step],
    sys: &mut impl Syscalls,
    fds: &Descriptors,
) -> Result<(), StepFailed> {
    for step in steps {
        one(step, sys, fds).map_err(|errno| StepFailed {
            step: step.to_string(),
            layer: step.layer(),
            errno: errno as i32,
        })?;
    }
    Ok(())
}

fn one(step: &Step, sys: &mut impl Syscalls, fds: &Descriptors) -> Result<(), Errno> {
    match step {
        Step::HoldPart { from } => sys.hold(from),
        Step::BecomeFirst { setgroups } => {
            if *setgroups {
                sys.drop_groups()?;
                sys.become_ids(0)?;
            }
            Ok(())
        }
        Step::DieWithZygote => sys.die_with_parent(fds.zygote),
        Step::NewSession => sys.session(),
        Step::Hostname { name } => sys.hostname(name),
        Step::PrivateMounts => sys.private_mounts(),
        Step::Tmpfs { at, size_bytes, files, mode, owner, exec } => {
            let (size_bytes, files, mode, owner) = (*size_bytes, *files, *mode, *owner);
            sys.tmpfs(Tmpfs { at, size_bytes, files, mode, owner, exec: *exec })
        }
        Step::Folder { at } => sys.folder(at),
        Step::Bind { from, to } => {
            place_for(from, to, sys)?;
            sys.bind(from, to, false)
        }
        Step::Link { at, target } => sys.link(at, target),
        Step::Text { at, text } => sys.file(at, text.as_bytes(), 0o444, None),
        Step::Device { name } => {
            let (from, to) = (format!("/dev/{name}"), format!("{STAGE}/dev/{name}"));
            sys.file(&to, &[], 0o444, None)?;
            sys.bind(&from, &to, true)
        }
        Step::Proc { at } => sys.proc(at),
        Step::PivotRoot => sys.pivot(STAGE),
        Step::SealRoot => sys.seal("/"),
        Step::Undumpable => sys.undumpable(),
        Step::ResizeTmpfs { at, size_bytes, files } => sys.resize_tmpfs(at, *size_bytes, *files),
        Step::File { at, offset, length, executable, owner } => {
            let bytes = sys.read_at(fds.files, *offset, *length)?;
            let mode = if *executable { 0o755 } else { 0o644 };
            sys.file(at, &bytes, mode, Some(*owner))
        }
        _ => own(step, sys, fds),
    }
}

/// The steps of the program's own process.
fn own(step: &Step, sys: &mut impl Syscalls, fds: &Descriptors) -> Result<(), Errno> {
    match step {
        Step::JoinGroups => fds.tasks.iter().try_for_each(|fd| sys.join(*fd)),
        Step::CgroupNamespace => sys.cgroup_namespace(),
        Step::StandardStreams => {
            fds.streams.iter().zip(0..).try_for_each(|(fd, place)| sys.put_at(*fd, place))
        }
        Step::CloseTheRest => sys.close_rest_on_execute(3),
        Step::DefaultSignals => sys.default_signals(),
        Step::Umask { mask } => sys.umask(*mask),
        Step::WorkFolder => sys.go_to("/work"),
        Step::Rlimit { which, value } => sys.rlimit(*which, *value),
        Step::EmptyBoundingSet => sys.empty_bounding_set(),
        Step::NoGroups => sys.drop_groups(),
        Step::Become { id } => sys.become_ids(*id),
        Step::DropCapabilities => sys.drop_capabilities(),
        Step::NoNewPrivileges => sys.no_new_privileges(),
        Step::Landlock { abi } => sys.landlock(*abi),
        Step::FilterCalls => sys.filter_calls(fds.door),
        Step::Starting => sys.starting(fds.door),
        Step::Sabotaged { .. } => Err(Errno::EPERM),
        Step::Execute { arguments, environment } => Err(sys.execute(arguments, environment)),
        // Every other step is one of the keeper's.
        _ => Err(Errno::ENOTSUP),
    }
}

/// Makes what `from` is shown on: a folder for a folder, an empty file for anything else.
fn place_for(from: &str, to: &str, sys: &mut impl Syscalls) -> Result<(), Errno> {
    if sys.is_folder(from)? { sys.folder(to) } else { sys.file(to, &[], 0o444, None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Image;
    use crate::plan::{Walls, build, job, root};
    use crate::spec::{InputFile, Spec};
    use crate::syscall::fake::Recorder;
    use crate::tier::Tier;

    fn plan(tier: Tier) -> Vec<Step> {
        let mut image = Image::bare().with("/usr/bin");
        image.links.push(("/bin".into(), "usr/bin".into()));
        let mut spec = Spec::new(image.clone(), ["true"]);
        spec.files.push(InputFile { name: "a/b".into(), bytes: vec![7; 9], executable: true });
        let walls = Walls { tier, image: &image, landlock: 7, v2: true, v1: true };
        let build = build(walls);
        let mut steps = [root(walls), build.walls, build.program].concat();
        let job = job(&spec, tier);
        steps.extend(job.fill);
        steps.extend(job.run);
        steps
    }

    fn fds() -> Descriptors {
        Descriptors { streams: [10, 11, 12], tasks: vec![20, 21], ..Descriptors::default() }
    }

    #[test]
    fn whatever_call_fails_nothing_runs_and_the_error_names_step_layer_and_mend() {
        for tier in Tier::ALL {
            let steps = plan(tier);
            let mut whole = Recorder::default();
            carry_out(&steps, &mut whole, &fds()).unwrap_err();
            assert!(whole.calls.last().unwrap().starts_with("execve"), "all was done before it");
            for nth in 0..whole.calls.len() {
                let mut sys = Recorder { fail_at: Some(nth), ..Recorder::default() };
                let failed = carry_out(&steps, &mut sys, &fds()).unwrap_err();
                assert_eq!(sys.calls, whole.calls[..=nth], "it went on after a failure");
                let ran = sys.calls[..nth].iter().any(|call| call.starts_with("execve"));
                assert!(!ran, "the program ran although '{}' had failed", sys.calls[nth]);
                let told = failed.to_string();
                assert!(told.contains(failed.layer.name()), "{told}");
                assert!(told.contains(&failed.step), "{told}");
                assert!(told.contains("; "), "no word on how to mend it: {told}");
            }
        }
    }

    #[test]
    fn the_program_has_three_streams_and_the_rest_is_closed_before_its_limits_are_set() {
        let mut sys = Recorder::default();
        let _ = carry_out(&plan(Tier::Full), &mut sys, &fds());
        let start = sys.calls.iter().position(|call| call == "join 20").unwrap();
        assert_eq!(sys.calls[start..start + 3], ["join 20", "join 21", "unshare cgroup"]);
        let job = sys.calls.iter().position(|call| call == "dup 10 0").unwrap();
        assert!(sys.calls[start..job].iter().any(|call| call == "seccomp"));
        let streams = ["dup 10 0", "dup 11 1", "dup 12 2", "close_range 3 cloexec"];
        assert_eq!(sys.calls[job..job + 4], streams);
        assert!(sys.calls[job + 4].starts_with("rlimit"));
    }
}
