//! Small programs, each with its verdict, and near misses of each.

use serde_json::{Value, json};

/// A program with what it is judged.
pub(super) struct Row {
    pub(super) language: &'static str,
    pub(super) what: &'static str,
    pub(super) source: String,
    stdin: String,
    expected: String,
    checker: &'static str,
    limits: Value,
    pub(super) verdict: &'static str,
    /// Exit status and signal, where one is asserted.
    pub(super) code: Option<i64>,
    pub(super) signal: Option<i64>,
}

impl Row {
    pub(super) fn body(&self) -> Value {
        json!({
            "language": self.language,
            "source": self.source,
            "tests": [{ "stdin": self.stdin, "expected": self.expected }],
            "checker": { "kind": self.checker },
            "limits": self.limits,
        })
    }

    fn reads(mut self, stdin: impl Into<String>) -> Self {
        self.stdin = stdin.into();
        self
    }

    fn wants(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    fn by(mut self, checker: &'static str) -> Self {
        self.checker = checker;
        self
    }

    fn within(mut self, limits: Value) -> Self {
        self.limits = limits;
        self
    }

    fn code(mut self, code: i64) -> Self {
        self.code = Some(code);
        self
    }

    fn signal(mut self, signal: i64) -> Self {
        self.signal = Some(signal);
        self
    }
}

fn row(
    language: &'static str,
    what: &'static str,
    verdict: &'static str,
    source: impl Into<String>,
) -> Row {
    Row {
        language,
        what,
        source: source.into(),
        stdin: "2 3\n".to_owned(),
        expected: "5\n".to_owned(),
        checker: "tokens",
        limits: json!({}),
        verdict,
        code: None,
        signal: None,
    }
}

/// A C program of this body; what is usual is included.
fn c(what: &'static str, verdict: &'static str, body: &str) -> Row {
    let head = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <time.h>\n\
        #include <unistd.h>\n#include <signal.h>\n#include <sys/wait.h>\n#include <sys/ptrace.h>\n\
        #include <sys/socket.h>\n#include <netinet/in.h>\n";
    row(
        "c",
        what,
        verdict,
        format!("{head}int main(int argc, char **argv) {{ {body} return 0; }}\n"),
    )
}

fn python(what: &'static str, verdict: &'static str, source: &str) -> Row {
    row("python", what, verdict, source)
}

/// Adds two numbers.
const SUM: &str = "int a, b; scanf(\"%d %d\", &a, &b); printf(\"%d\\n\", a + b);";

/// Every program.
pub(super) fn all() -> Vec<Row> {
    let mut all = answers();
    all.extend(limits());
    all.extend(ends());
    all.extend(compilers());
    all.extend(pythons());
    all.extend(others());
    all.extend(modules());
    all
}

fn answers() -> Vec<Row> {
    vec![
        c("right", "accepted", SUM),
        c("wrong", "wrong_answer", "puts(\"6\");"),
        c("empty", "wrong_answer", ""),
        c("one word too many", "wrong_answer", "puts(\"5 5\");"),
        c("no newline at the end", "accepted", "printf(\"5\");"),
        c("no newline at the end, to the byte", "wrong_answer", "printf(\"5\");").by("exact"),
        c("to the byte", "accepted", "puts(\"5\");").by("exact"),
        c("white space around", "accepted", "printf(\"\\n  5\\t\\n\\n\");"),
        c("white space around, to the byte", "wrong_answer", "printf(\" 5\\n\");").by("exact"),
        c("lines end as on Windows", "accepted", "printf(\"5\\r\\n\");"),
        c("lines end as on Windows, to the byte", "wrong_answer", "printf(\"5\\r\\n\");")
            .by("exact"),
        c(
            "writes to standard error too",
            "accepted",
            "fputs(\"thinking\\n\", stderr); puts(\"5\");",
        ),
        c("answers on standard error alone", "wrong_answer", "fputs(\"5\\n\", stderr);"),
        c("lines in another order", "accepted", "puts(\"b\"); puts(\"a\");")
            .by("unordered")
            .wants("a\nb\n"),
        c("a line is missing", "wrong_answer", "puts(\"a\");").by("unordered").wants("a\nb\n"),
        c("a float within 0.000001", "accepted", "puts(\"0.5000004\");")
            .by("floats")
            .wants("0.5\n"),
        c("a float just past it", "wrong_answer", "puts(\"0.5000021\");")
            .by("floats")
            .wants("0.5\n"),
        c("not a number", "wrong_answer", "puts(\"nan\");").by("floats").wants("0.5\n"),
        c(
            "a hundred thousand numbers",
            "accepted",
            "long s = 0, x; while (scanf(\"%ld\", &x) == 1) s += x; printf(\"%ld\\n\", s);",
        )
        .reads("7\n".repeat(100_000))
        .wants("700000\n"),
    ]
}

fn limits() -> Vec<Row> {
    let fill = |bytes: u64| format!("for (int i = 0; i < {bytes}; i++) putchar('x');");
    let touch = |mib: u64| {
        format!(
            "size_t n = {mib}ul << 20; volatile char *p = malloc(n); \
             for (size_t i = 0; i < n; i += 4096) p[i] = 1; puts(p[4096] ? \"5\" : \"\");"
        )
    };
    let burn = |ms: u64| format!("while (clock() < {ms} * (CLOCKS_PER_SEC / 1000)); puts(\"5\");");
    let tight = || json!({ "cpu_ms": 600, "wall_ms": 20_000 });
    let output = || json!({ "output_bytes": 65_536 });
    let memory = || json!({ "memory_bytes": 32 << 20 });
    vec![
        c("loops for ever", "time_limit", "for (;;);")
            .within(json!({ "cpu_ms": 200, "wall_ms": 30_000 })),
        c("just within its processor time", "accepted", &burn(450)).within(tight()),
        c("just past its processor time", "time_limit", &burn(650)).within(tight()),
        c("sleeps for ever", "wall_limit", "for (;;) pause();").within(json!({ "wall_ms": 300 })),
        c("sleeps a little", "accepted", "usleep(200000); puts(\"5\");")
            .within(json!({ "wall_ms": 10_000 })),
        c("answers and then sleeps", "wall_limit", "puts(\"5\"); fflush(stdout); sleep(100);")
            .within(json!({ "wall_ms": 300 })),
        c(
            "waits for input that does not come",
            "accepted",
            "while (getchar() != EOF); puts(\"5\");",
        ),
        c("within its memory", "accepted", &touch(24)).within(memory()),
        c("past its memory", "memory_limit", &touch(40)).within(memory()),
        c("asks for memory and does not touch it", "accepted", "malloc(1ul << 30); puts(\"5\");")
            .within(memory()),
        c("as much output as it may", "accepted", &fill(65_536))
            .within(output())
            .wants("x".repeat(65_536)),
        c("a byte more output than it may", "output_limit", &fill(65_537))
            .within(output())
            .wants("x".repeat(65_537)),
        c("prints for ever", "output_limit", "for (;;) puts(\"y\");").within(output()),
        c("prints errors for ever", "output_limit", "for (;;) fputs(\"y\\n\", stderr);")
            .within(output()),
        c("forks and waits", "accepted", "if (!fork()) { puts(\"5\"); exit(0); } wait(0);"),
        c(
            "forks until it is refused",
            "process_limit",
            "for (;;) { int p = fork(); if (p < 0) exit(1); if (!p) for (;;) pause(); }",
        )
        .within(json!({ "processes": 16, "wall_ms": 5_000 })),
        c(
            "leaves a child behind",
            "accepted",
            "if (!fork()) { close(1); close(2); sleep(1000); } puts(\"5\");",
        ),
        c("children that burn count too", "time_limit", "fork(); fork(); for (;;);")
            .within(json!({ "cpu_ms": 300, "wall_ms": 30_000 })),
    ]
}

fn ends() -> Vec<Row> {
    vec![
        c(
            "crashes after the right answer",
            "runtime_error",
            "puts(\"5\"); fflush(stdout); abort();",
        )
        .signal(6),
        c("reads where it may not", "runtime_error", "volatile int *p = 0; *p = 1;").signal(11),
        c(
            "divides by zero",
            "runtime_error",
            "volatile int z = 0; printf(\"%d\", 100 * argc / z);",
        )
        .signal(8),
        c("ends with status 3 after the right answer", "runtime_error", "puts(\"5\"); exit(3);")
            .code(3),
        c("kills itself as a limit would", "runtime_error", "kill(getpid(), SIGKILL);").signal(9),
        c("ends as a killed shell does", "runtime_error", "exit(137);").code(137),
        c("traces itself", "security_violation", "ptrace(PTRACE_TRACEME, 0, 0, 0); puts(\"5\");"),
        c(
            "connects to its own machine in vain",
            "accepted",
            "int s = socket(AF_INET, SOCK_STREAM, 0); struct sockaddr_in a = {0}; a.sin_family = AF_INET; \
             a.sin_port = htons(80); a.sin_addr.s_addr = htonl(0x7f000001); \
             puts(connect(s, (void *)&a, sizeof a) ? \"5\" : \"connected\");",
        ),
        c(
            "reads no password",
            "accepted",
            "puts(fopen(\"/etc/shadow\", \"r\") ? \"read\" : \"5\");",
        ),
    ]
}

fn compilers() -> Vec<Row> {
    let error = |what, source: &str| row("c", what, "compile_error", source);
    vec![
        error("a mistake", "int main(void) { return 0 }"),
        error("nothing to begin with", "int f(void) { return 0; }"),
        error("a header that is not there", "#include <none.h>\nint main(void) { return 0; }"),
        error("a password as a header", "#include \"/etc/shadow\"\nint main(void) { return 0; }"),
        error("an empty program", " "),
        row(
            "cpp",
            "templates without end",
            "compile_error",
            "template <int N> struct A { static const int v = A<N + 1>::v; };\nint main() { return A<0>::v; }",
        ),
        row(
            "cpp",
            "right, with every header",
            "accepted",
            "#include <bits/stdc++.h>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b << '\\n'; }",
        ),
        row(
            "cpp",
            "throws",
            "runtime_error",
            "#include <vector>\nint main() { std::vector<int> v; return v.at(7); }",
        )
        .signal(6),
        row(
            "cpp",
            "throws after the right answer",
            "runtime_error",
            "#include <iostream>\nint main() { std::cout << 5 << std::endl; throw 1; }",
        )
        .signal(6),
    ]
}

fn pythons() -> Vec<Row> {
    vec![
        python("right", "accepted", "print(sum(map(int, input().split())))"),
        python("wrong", "wrong_answer", "print(6)"),
        python("a mistake", "runtime_error", "print(").code(1),
        python("raises after the right answer", "runtime_error", "print(5)\nraise ValueError")
            .code(1),
        python("ends with status 0 by exit", "accepted", "import sys\nprint(5)\nsys.exit(0)"),
        python("ends with status 4", "runtime_error", "import sys\nprint(5)\nsys.exit(4)").code(4),
        python("calls itself without end", "runtime_error", "def f(): return f()\nf()").code(1),
        python("loops for ever", "time_limit", "while True: pass")
            .within(json!({ "cpu_ms": 300, "wall_ms": 30_000 })),
        python("sleeps for ever", "wall_limit", "import time\ntime.sleep(1000)")
            .within(json!({ "wall_ms": 800 })),
        python("past its memory", "memory_limit", "x = b'x' * (200 << 20)\nprint(5)")
            .within(json!({ "memory_bytes": 64 << 20 })),
        python("no newline at the end", "accepted", "print(5, end='')"),
        python(
            "tells what it thinks",
            "accepted",
            "import sys\nprint('hm', file=sys.stderr)\nprint(5)",
        ),
        python("reads past the end", "runtime_error", "input()\ninput()").code(1),
        python(
            "finds no other job's files",
            "accepted",
            "import os\nprint(5 if os.listdir('.') == ['main.py'] else os.listdir('.'))",
        ),
    ]
}

fn others() -> Vec<Row> {
    let js = |what, verdict, source: &str| row("javascript", what, verdict, source);
    let rust = |what, verdict, source: &str| row("rust", what, verdict, source);
    let java = |what, verdict, body: &str| {
        let source = format!(
            "import java.util.*;\npublic class Main {{ public static void main(String[] args) throws Exception {{ {body} }} }}"
        );
        row("java", what, verdict, source)
    };
    let sum = "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(a + b);";
    vec![
        js("right", "accepted", sum),
        js("wrong", "wrong_answer", "console.log(6)"),
        js(
            "throws after the right answer",
            "runtime_error",
            "console.log(5); throw new Error('x')",
        )
        .code(1),
        js("ends with status 2", "runtime_error", "console.log(5); process.exit(2)").code(2),
        js("a mistake", "runtime_error", "console.log(").code(1),
        js("loops for ever", "time_limit", "for (;;);")
            .within(json!({ "cpu_ms": 500, "wall_ms": 30_000 })),
        rust(
            "right",
            "accepted",
            "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap(); \
             println!(\"{}\", s.split_whitespace().map(|x| x.parse::<i32>().unwrap()).sum::<i32>()); }",
        ),
        rust(
            "panics after the right answer",
            "runtime_error",
            "fn main() { println!(\"5\"); panic!(); }",
        )
        .code(101),
        rust(
            "borrows what it moved",
            "compile_error",
            "fn main() { let s = String::new(); drop(s); drop(s); }",
        ),
        java(
            "right",
            "accepted",
            "Scanner s = new Scanner(System.in); System.out.println(s.nextInt() + s.nextInt());",
        ),
        java(
            "throws after the right answer",
            "runtime_error",
            "System.out.println(5); throw new Exception();",
        )
        .code(1),
        java("ends with status 7", "runtime_error", "System.out.println(5); System.exit(7);")
            .code(7),
        java("a mistake", "compile_error", "int x = \"5\";"),
    ]
}

fn modules() -> Vec<Row> {
    let wat = |what, verdict, body: &str| {
        let source = format!(
            "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))\n\
             (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))\n\
             (memory (export \"memory\") 1) (data (i32.const 16) \"5\\n\")\n\
             (data (i32.const 0) \"\\10\\00\\00\\00\\02\\00\\00\\00\")\n\
             (func $five (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))))\n\
             (func (export \"_start\") {body}))"
        );
        row("wat", what, verdict, source)
    };
    vec![
        wat("right", "accepted", "(call $five)"),
        wat("nothing", "wrong_answer", ""),
        wat("traps after the right answer", "runtime_error", "(call $five) unreachable"),
        wat("ends with status 4", "runtime_error", "(call $exit (i32.const 4))").code(4),
        wat("loops for ever", "time_limit", "(loop $on (br $on))")
            .within(json!({ "cpu_ms": 300, "wall_ms": 30_000 })),
        row("wat", "is no module", "runtime_error", "(modul)").code(126),
    ]
}
