//! The list itself.

use super::{Case, Expect, Kind};
use crate::limits::Limits;
use crate::report::Refused;

pub(super) const HEADER: &str = include_str!("../../attacks/attack.h");

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

/// A source for the compiler, which must not come to an end with it.
macro_rules! source {
    ($name:literal, $file:literal) => {
        Case {
            kind: Kind::Compile($file, include_str!(concat!("../../attacks/compile/", $file))),
            name: $name,
            expect: Expect::NotBuilt,
            says: "",
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
    all.extend(FORBIDDEN.map(forbidden));
    all.extend(compiled());
    all.extend(modules());
    all
}

/// System calls that end a job, each made by a program that makes nothing else.
const FORBIDDEN: [&[&str]; 31] = [
    &["acct"],
    &["add_key"],
    &["bpf"],
    &["chroot"],
    &["clock_settime"],
    &["clone"],
    &["delete_module"],
    &["fanotify_init"],
    &["finit_module"],
    &["fsopen"],
    &["init_module"],
    &["kexec_load"],
    &["keyctl"],
    &["mount"],
    &["move_mount"],
    &["open_by_handle_at"],
    &["open_tree"],
    &["perf_event_open"],
    &["pivot_root"],
    &["process_vm_readv"],
    &["process_vm_writev"],
    &["ptrace"],
    &["quotactl"],
    &["reboot"],
    &["request_key"],
    &["setns"],
    &["settimeofday"],
    &["swapon"],
    &["syslog"],
    &["umount2"],
    &["unshare"],
];

fn forbidden(call: &'static [&'static str]) -> Case {
    Case {
        name: call[0],
        kind: Kind::Program(include_str!("../../attacks/forbidden_call.c"), call),
        expect: Expect::Forbidden(call[0]),
        says: "",
        results: &[],
        limits: |_| {},
    }
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
        program!("write_the_system", Expect::Held, "held"),
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
        program!("unlisted_calls", Expect::Held, "held"),
        program!("type_into_the_terminal", Expect::Held, "held"),
        program!("device_nodes", Expect::Held, "held"),
        program!("raise_limits", Expect::Held, "held"),
        program!("become_root", Expect::Held, "held"),
        program!("look_at_proc", Expect::Held, "held"),
        program!("look_for_descriptors_and_variables", Expect::Held, "held"),
        Case {
            kind: Kind::Program(include_str!("../../attacks/look_for_secrets.c"), &["{secret}"]),
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
    ]
}

/// Sources that attack the compiler, which runs in a jail as well.
fn compiled() -> Vec<Case> {
    vec![
        source!("compile_include_random", "include_random.c"),
        source!("compile_include_zero", "include_zero.c"),
        source!("compile_include_itself", "include_itself.c"),
        source!("compile_include_shadow", "include_shadow.c"),
        source!("compile_include_environ", "include_environ.c"),
        source!("compile_assemble_shadow", "assemble_shadow.c"),
        source!("compile_huge_array", "huge_array.c"),
        source!("compile_huge_repeat", "huge_repeat.c"),
        source!("compile_huge_fill", "huge_fill.c"),
        source!("compile_macro_bomb", "macro_bomb.c"),
        source!("compile_template_bomb", "template_bomb.cc"),
        source!("compile_constexpr_loop", "constexpr_loop.cc"),
        source!("compile_many_errors", "many_errors.cc"),
        source!("compile_deep_parentheses", "deep_parentheses.c"),
        rust(source!("compile_rust_include_shadow", "include_shadow.rs")),
        rust(source!("compile_rust_const_loop", "const_loop.rs")),
        rust(source!("compile_rust_macro_recursion", "macro_recursion.rs")),
    ]
}

/// With what Rust's compiler needs.
fn rust(case: Case) -> Case {
    let limits = |limits: &mut Limits| (limits.memory_bytes, limits.cpu_ms) = (768 << 20, 2_000);
    Case { limits, ..case }
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
        module!("module_sleep_for_ever", "sleep_for_ever.wat", Expect::WallTime),
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
