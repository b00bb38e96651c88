//! Attacks on compilers and interpreters, which run in a jail as well.

use super::{Case, Expect, Kind, Script};
use crate::limits::Limits;

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

/// Sources that attack the compiler, which runs in a jail as well.
pub(super) fn compiled() -> Vec<Case> {
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
        source!("compile_arrow_recursion", "arrow_recursion.cc"),
        source!("compile_constexpr_loop", "constexpr_loop.cc"),
        source!("compile_many_errors", "many_errors.cc"),
        source!("compile_deep_parentheses", "deep_parentheses.c"),
        rust(source!("compile_rust_include_shadow", "include_shadow.rs")),
        rust(source!("compile_rust_const_loop", "const_loop.rs")),
        rust(source!("compile_rust_macro_recursion", "macro_recursion.rs")),
    ]
}

/// Sources that run code of their own inside a compiler or interpreter.
pub(super) fn scripts() -> Vec<Case> {
    let script = |name, script| Case {
        name,
        kind: Kind::Script(script),
        expect: Expect::Held,
        says: "held",
        results: &[],
        limits: |_| {},
    };
    let limits = |limits: &mut Limits| {
        (limits.memory_bytes, limits.cpu_ms, limits.wall_ms) = (1 << 30, 20_000, 40_000);
        limits.cpu_percent = 200;
    };
    vec![
        Case {
            limits,
            ..script(
                "rust_proc_macro",
                &Script {
                    toolchain: "rust",
                    text: "$0 --crate-type proc-macro steals.rs && echo 'steals::steal!(); fn main() {}' \
                        >main.rs && $0 --extern steals=libsteals.so main.rs && echo held",
                    file: ("steals.rs", include_str!("../../attacks/scripts/steals.rs")),
                },
            )
        },
        Case {
            limits,
            ..script(
                "java_annotation_processor",
                &Script {
                    toolchain: "java",
                    text: "set -e; javac -proc:none Steals.java; echo 'class Main {}' >Main.java; \
                        javac -processor Steals -cp . Main.java",
                    file: ("Steals.java", include_str!("../../attacks/scripts/Steals.java")),
                },
            )
        },
        script(
            "python_sitecustomize",
            &Script {
                toolchain: "python",
                text: "test \"$($0 -I -c 'print(1)')\" = 1 && echo held",
                file: ("sitecustomize.py", include_str!("../../attacks/scripts/sitecustomize.py")),
            },
        ),
        script(
            "compiler_leaves_a_daemon",
            &Script {
                toolchain: "c",
                text: "$0 -o out main.c; (setsid sleep 1000 &) ; echo held",
                file: ("main.c", "int main(void) { return 0; }"),
            },
        ),
    ]
}

/// With what Rust's compiler needs.
fn rust(case: Case) -> Case {
    let limits = |limits: &mut Limits| (limits.memory_bytes, limits.cpu_ms) = (768 << 20, 2_000);
    Case { limits, ..case }
}
