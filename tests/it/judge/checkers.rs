//! Checkers and judges that are programs, each in a jail of its own.

use serde_json::{Value, json};

use super::{hand_in, judged, judging, text};

/// Takes any pair of numbers with the sum that was asked for.
const PAIR: &str = "import sys\nask, _, said = (open(name).read().split() for name in sys.argv[1:4])\n\
    if len(said) != 2: print('two numbers were wanted'); sys.exit(1)\n\
    sys.exit(0 if int(said[0]) + int(said[1]) == int(ask[0]) else 1)";

/// Thinks of a number, which is to be guessed with at most ten questions.
const GUESS: &str = "import sys\nwant = int(open(sys.argv[1]).read())\nfor _ in range(10):\n\
    \x20   line = sys.stdin.readline()\n    if not line: print('it gave up', file=sys.stderr); sys.exit(1)\n\
    \x20   said = int(line)\n    if said == want: print('yes', flush=True); sys.exit(0)\n\
    \x20   print('more' if said < want else 'less', flush=True)\n\
    print('too many questions', file=sys.stderr)\nsys.exit(1)";

const HALVES: &str = "low, high = 1, 1000\nwhile True:\n    mid = (low + high) // 2\n    print(mid, flush=True)\n\
    \x20   said = input()\n    if said == 'yes': break\n    if said == 'more': low = mid + 1\n    else: high = mid - 1";

fn body(source: &str, kind: &str, checker: &str, stdin: &str) -> Value {
    json!({
        "language": "python", "source": source, "tests": [{ "stdin": stdin, "expected": "" }],
        "checker": { "kind": kind, "language": "python", "source": checker },
        "limits": { "cpu_ms": 500, "wall_ms": 20_000 },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_decide_and_talk_in_jails_of_their_own() {
    let Some(server) = judging(&[]) else { return };
    let ann = server.person("ann").await;
    let loops = "while True: pass";
    let flood = "while True: print(1)";
    let steals = "import os, sys\nsys.exit(0 if os.listdir('/work') else 1)";
    let mut jobs = Vec::new();
    for (what, body, verdict, says) in [
        ("a pair", body("print(3, 7)", "program", PAIR, "10"), "accepted", ""),
        ("no pair", body("print(3, 8)", "program", PAIR, "10"), "wrong_answer", ""),
        (
            "one number",
            body("print(10)", "program", PAIR, "10"),
            "wrong_answer",
            "two numbers were wanted",
        ),
        (
            "a checker that ends with 3",
            body("print(1)", "program", "exit(3)", "1"),
            "internal_error",
            "the checker failed",
        ),
        (
            "a checker without end",
            body("print(1)", "program", loops, "1"),
            "internal_error",
            "the checker failed",
        ),
        (
            "a program that fails is not asked about",
            body("exit(2)", "program", "exit(0)", "1"),
            "runtime_error",
            "",
        ),
        ("a checker sees its own folder", body("print(1)", "program", steals, "1"), "accepted", ""),
        ("halves", body(HALVES, "interactive", GUESS, "777"), "accepted", ""),
        (
            "guesses one after the other",
            body("for n in range(1, 2000): print(n, flush=True)", "interactive", GUESS, "777"),
            "wrong_answer",
            "too many questions",
        ),
        ("gives up", body("print(1)", "interactive", GUESS, "777"), "wrong_answer", "it gave up"),
        ("says nothing and loops", body(loops, "interactive", GUESS, "777"), "time_limit", ""),
        (
            "crashes",
            body("print(1, flush=True)\nexit(9)", "interactive", GUESS, "777"),
            "runtime_error",
            "",
        ),
        ("both only write", body(flood, "interactive", flood, "1"), "output_limit", ""),
        (
            "a judge that ends with 3",
            body("input()", "interactive", "exit(3)", "1"),
            "internal_error",
            "the checker failed",
        ),
    ] {
        jobs.push((what, hand_in(&ann, body).await, verdict, says));
    }
    let mut wrong = Vec::new();
    for (what, job, verdict, says) in jobs {
        let seen = judged(&ann, &job).await;
        let message = seen["cases"][0]["message"].as_str().unwrap_or_default();
        if seen["verdict"] != verdict || !message.contains(says) {
            wrong.push(format!("{what}: not {verdict} with '{says}' but {seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let bad = json!({
        "language": "python", "source": "print(1)", "tests": [{ "expected": "1" }],
        "checker": { "kind": "program", "language": "c", "source": "int main(" },
    });
    let seen = judged(&ann, &hand_in(&ann, bad).await).await;
    assert_eq!(seen["verdict"], "internal_error", "{seen}");
    assert!(text(&seen, "message").contains("the checker cannot be compiled"), "{seen}");
    server.saw_no_panic();
}
