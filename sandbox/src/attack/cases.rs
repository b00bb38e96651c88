//! The list itself.

use super::calls::calls;
use super::compilers::{compiled, scripts};
use super::{Case, Expect, Kind};
use crate::report::Refused;

/// The longest name that a file can have.
const LONGEST: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// What the source of every program begins with.
pub const HEADER: &str = include_str!("../../attacks/attack.h");

/// A program that is called like its source, with its outcome and what it must say.
macro_rules! program {
    ($name:literal, $expect:expr, $says:literal) => {
        Case {
            name: $name,
            kind: Kind::Program(include_str!(concat!("../../attacks/", $name, ".c")), &[]),
            expect: $expect,
            says: $says,
            results: &[],
            limits: |_| {},
        }
    };
}

macro_rules! module {
    ($name:literal, $file:literal, $expect:expr $(, fuel = $fuel:expr)?) => {
        made($name, || include_bytes!(concat!("../../attacks/modules/", $file)).to_vec(), $expect)
            $(.with_fuel($fuel))?
    };
}

/// A module out of `module`.
const fn made(name: &'static str, module: fn() -> Vec<u8>, expect: Expect) -> Case {
    let kind = Kind::Module(module, None);
    Case { name, kind, expect, says: "", results: &[], limits: |_| {} }
}

impl Case {
    const fn with_fuel(self, fuel: u64) -> Self {
        let Kind::Module(module, _) = self.kind else { return self };
        Self { kind: Kind::Module(module, Some(fuel)), ..self }
    }
}

/// A module of one function with `many` times `text` in it.
fn repeated(text: &str, many: usize) -> Vec<u8> {
    let (begin, end) = ("(module (memory (export \"memory\") 1) (func (export \"_start\") ", "))");
    [begin, &text.repeat(many), end].concat().into_bytes()
}

/// Every attack, in the order in which they are run. The first shows that processes are bounded,
/// without which none that forks without end may be run.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut all = [processes(), memory(), files(), kernel()].concat();
    all.extend(calls());
    all.extend(compiled());
    all.extend(scripts());
    all.extend(modules());
    all
}

/// Processes and time.
fn processes() -> Vec<Case> {
    vec![
        program!("fork_until_refused", Expect::Held, "made 31, then"),
        program!("zombies", Expect::Held, "made 31, then"),
        program!("threads", Expect::Held, "made 31, then"),
        program!("fork_bomb", Expect::Bounded, ""),
        program!("daemon_with_stdout", Expect::Held, "held"),
        program!("daemon_without_streams", Expect::Held, "held"),
        Case {
            limits: |limits| limits.wall_ms = 300,
            ..program!("sleep_for_ever", Expect::WallTime, "")
        },
        Case {
            limits: |limits| limits.wall_ms = 300,
            ..program!("stop_itself", Expect::WallTime, "")
        },
        Case {
            limits: |limits| limits.wall_ms = 300,
            ..program!("vfork_and_sleep", Expect::WallTime, "")
        },
        program!("spin", Expect::CpuTime, ""),
        program!("spin_ignoring_signals", Expect::CpuTime, ""),
        program!("spin_in_children", Expect::CpuTime, ""),
        program!("spin_in_orphans", Expect::CpuTime, ""),
        program!("queue_signals", Expect::Held, "held"),
        program!("kill_everything", Expect::Held, "held"),
        program!("raise_sigsys", Expect::Signalled(libc::SIGSYS), ""),
        program!("exit_137", Expect::Failed(137), ""),
        program!("raise_priority", Expect::Held, "held"),
    ]
}

/// Memory.
fn memory() -> Vec<Case> {
    vec![
        program!("touch_memory", Expect::Memory, ""),
        program!("touch_heap", Expect::Memory, ""),
        program!("memory_of_children", Expect::Memory, ""),
        program!("memory_in_a_memfd", Expect::Memory, ""),
        program!("memory_in_sysv_segments", Expect::Memory, ""),
        Case {
            limits: |limits| limits.memory_bytes = 16 << 20,
            ..program!("memory_in_pipes", Expect::Memory, "")
        },
        program!("reserve_addresses", Expect::Held, "held"),
        program!("fill_tmp", Expect::Held, "held"),
        program!("shared_memory_folder", Expect::Held, "held"),
        Case {
            limits: |limits| limits.work_bytes = 256 << 20,
            ..program!("fill_work_past_memory", Expect::Memory, "")
        },
        program!("recurse", Expect::MemoryOrStack, ""),
        program!("lock_memory", Expect::Held, "held"),
        program!("null_pointer", Expect::Signalled(libc::SIGSEGV), ""),
    ]
}

/// Files and output.
fn files() -> Vec<Case> {
    vec![
        program!("many_files", Expect::Held, "No space left"),
        program!("huge_sparse_file", Expect::Output, ""),
        program!("deep_folders", Expect::Held, "then"),
        program!("open_files", Expect::Held, "Too many open files"),
        program!("flood_stdout", Expect::Output, ""),
        program!("flood_stderr", Expect::Output, ""),
        Case {
            results: &[
                ("link", Refused::LeavesWork),
                ("folder", Refused::NotAFile),
                ("way/shadow", Refused::LeavesWork),
                ("first", Refused::HardLink),
                ("sparse", Refused::TooLarge),
                ("socket", Refused::NotAFile),
                ("fifo", Refused::Missing),
            ],
            ..program!("results_that_are_none", Expect::Held, "held")
        },
        Case {
            results: &[("file", Refused::LeavesWork)],
            ..program!("exchange_the_result", Expect::Held, "held")
        },
        Case {
            results: &[
                (LONGEST, Refused::LeavesWork),
                ("new\nline", Refused::LeavesWork),
                ("$(id)", Refused::LeavesWork),
                ("-rf", Refused::NotAFile),
            ],
            ..program!("odd_names", Expect::Held, "held")
        },
        program!("write_the_system", Expect::Held, "held"),
        program!("write_into_the_page_cache", Expect::Held, "held"),
        program!("setuid_file", Expect::Held, "held"),
        program!("locks_and_watches", Expect::Held, "held"),
        program!("sync_the_disks", Expect::Held, "held"),
        program!("huge_arguments", Expect::Held, "held"),
    ]
}

/// The kernel, other processes, the supervisor and the network.
fn kernel() -> Vec<Case> {
    vec![
        program!("foreign_machine", Expect::Foreign, ""),
        program!("pidfd_of_the_keeper", Expect::Held, "held"),
        program!("kernel_settings", Expect::Held, "held"),
        program!("type_into_the_terminal", Expect::Held, "held"),
        program!("device_nodes", Expect::Held, "held"),
        program!("raise_limits", Expect::Held, "held"),
        program!("become_root", Expect::Held, "held"),
        program!("look_at_proc", Expect::Held, "held"),
        program!("look_for_descriptors_and_variables", Expect::Held, "held"),
        Case {
            kind: Kind::Program(
                include_str!("../../attacks/look_for_secrets.c"),
                &["{secret}", "{socket}"],
            ),
            ..program!("look_for_secrets", Expect::Held, "held")
        },
        Case {
            kind: Kind::Program(include_str!("../../attacks/connect_out.c"), &["{port}"]),
            ..program!("connect_out", Expect::Held, "held")
        },
        Case {
            kind: Kind::Program(
                include_str!("../../attacks/connect_to_an_abstract_socket.c"),
                &["{abstract}"],
            ),
            ..program!("connect_to_an_abstract_socket", Expect::Held, "held")
        },
        program!("socket_families", Expect::Held, "held"),
        program!("leave_things", Expect::Held, "held"),
        program!("find_things", Expect::Held, "held"),
        Case {
            kind: Kind::Twice(include_str!("../../attacks/two_at_once.c"), ["one", "two"]),
            ..program!("two_at_once", Expect::Held, "held")
        },
    ]
}

/// WebAssembly modules that attack their host, which runs in a jail as well.
fn modules() -> Vec<Case> {
    const NOT_STARTED: Expect = Expect::Failed(126);
    vec![
        module!("module_spin", "spin.wat", Expect::CpuTime),
        module!("module_spin_with_fuel", "spin.wat", Expect::Fuel, fuel = 1_000_000),
        module!("module_start_function", "start_function.wat", Expect::CpuTime),
        module!("module_recurse", "recurse.wat", Expect::Trapped),
        module!("module_outside_memory", "outside_memory.wat", Expect::Trapped),
        module!("module_wrong_function", "wrong_function.wat", Expect::Trapped),
        module!("module_grow_memory", "grow_memory.wat", Expect::Memory),
        module!("module_grow_table", "grow_table.wat", Expect::Held),
        module!("module_open_files", "open_files.wat", Expect::Held),
        module!("module_foreign_buffers", "foreign_buffers.wat", Expect::Held),
        module!("module_look_around", "look_around.wat", Expect::Held),
        module!("module_flood", "flood.wat", Expect::Output),
        Case {
            limits: |limits| limits.wall_ms = 2_500,
            ..module!("module_sleep_for_ever", "sleep_for_ever.wat", Expect::WallTime)
        },
        module!("module_exit_256", "exit_256.wat", Expect::Failed(255)),
        module!("module_unknown_import", "unknown_import.wat", NOT_STARTED),
        made("module_garbage", || b"\0asm\xff\xff\xff\xff".to_vec(), NOT_STARTED),
        made("module_deep_blocks", || repeated("(block ", 100_000), Expect::NotBuilt),
        made(
            "module_huge_function",
            || repeated("(drop (i64.load (i32.const 8)))", 300_000),
            Expect::NotBuilt,
        ),
    ]
}
