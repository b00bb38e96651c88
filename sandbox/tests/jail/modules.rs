//! WebAssembly modules in the jail.

use playhouse_sandbox::{Config, Input, Sandbox, Spec, Verdict};

use crate::harness::{config, out, sandbox};

/// Copies standard input to standard output, then its first argument, and ends with status 7.
const TALKS: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $must (param i32) (if (local.get 0) (then (unreachable))))
  (func (export "_start")
    (loop $more
      (i32.store (i32.const 0) (i32.const 4096))
      (i32.store (i32.const 4) (i32.const 8192))
      (call $must (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (call $must (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
      (br_if $more (i32.load (i32.const 8))))
    (call $must (call $args (i32.const 16) (i32.const 4096)))
    (i32.store (i32.const 0) (i32.load (i32.const 20)))
    (i32.store (i32.const 4) (i32.const 3))
    (call $must (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 12)))
    (call $exit (i32.const 7))))"#;

/// Counts to 1,000.
const COUNTS: &str = r#"(module
  (memory (export "memory") 1)
  (func (export "_start") (local $n i32)
    (loop $more
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $n) (i32.const 1000))))))"#;

fn module(sandbox: &Sandbox, text: &str, arguments: &[&str], fuel: Option<u64>) -> Spec {
    sandbox.module(text.into(), arguments.iter().copied(), fuel).unwrap()
}

#[test]
fn a_module_gets_its_input_and_its_arguments_and_ends_with_its_own_status() {
    let Some(sandbox) = sandbox() else { return };
    let mut spec = module(&sandbox, TALKS, &["one", "two"], None);
    let text = "a line of it\n".repeat(10_000);
    spec.input = Input::Bytes(text.clone().into_bytes());
    let outcome = sandbox.run(spec).unwrap();
    assert_eq!(outcome.report.verdict, Verdict::Failed { status: 7 });
    assert_eq!(out(&outcome), text.trim());
    assert_eq!(outcome.stderr, b"one");
}

#[test]
fn the_same_module_takes_the_same_fuel_every_time() {
    let Some(sandbox) = sandbox() else { return };
    let suffices = |fuel| {
        let done = sandbox.run(module(&sandbox, COUNTS, &[], Some(fuel))).unwrap();
        match done.report.verdict {
            Verdict::Ok => true,
            Verdict::Fuel => false,
            other => panic!("{other:?}: {}", String::from_utf8_lossy(&done.stderr)),
        }
    };
    // The least that suffices, by halving: 1,000 turns of some instructions each.
    let (mut little, mut enough) = (0, 100_000);
    while enough - little > 1 {
        let middle = (little + enough) / 2;
        if suffices(middle) { enough = middle } else { little = middle }
    }
    assert!((1_000..50_000).contains(&enough), "{enough}");
    for _ in 0..5 {
        assert!(suffices(enough) && !suffices(little));
    }
}

#[test]
fn a_module_runs_out_of_a_jail_that_stood_ready() {
    let Some(config) = config() else { return };
    let sandbox = Sandbox::start(&config).unwrap();
    let image = module(&sandbox, COUNTS, &[], None).image;
    let ready = Sandbox::start(&Config { pool: Some((image, 1)), ..config }).unwrap();
    ready.settle();
    for _ in 0..3 {
        let done = ready.run(module(&ready, COUNTS, &[], None)).unwrap();
        assert_eq!(done.report.verdict, Verdict::Ok);
    }
}

#[test]
fn a_program_that_raises_the_signals_of_a_modules_host_is_not_taken_for_one() {
    let Some(sandbox) = sandbox() else { return };
    for signal in [libc::SIGUSR1, libc::SIGTRAP] {
        let done = sandbox.run(crate::harness::shell(&format!("kill -{signal} $$"))).unwrap();
        assert_eq!(done.report.verdict, Verdict::Signalled { signal });
    }
}
