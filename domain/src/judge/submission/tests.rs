//! What is taken, and what is refused.

use playhouse_protocol::codec;

use super::check::file_name;
use super::*;
use crate::refusal::Refusal;

fn sound() -> Submission {
    Submission::run("c", "main.c", "int main(void) { return 0; }")
}

fn test(stdin: usize, expected: usize) -> Test {
    let blob = |size| Blob(vec![b'1'; size]);
    Test {
        name: "a".into(),
        stdin: blob(stdin),
        expected: blob(expected),
        points: 1,
        hidden: false,
    }
}

fn refused(change: impl FnOnce(&mut Submission)) -> Refusal {
    let mut submission = sound();
    change(&mut submission);
    submission.check().unwrap_err()
}

#[test]
fn a_small_program_is_taken() {
    sound().check().unwrap();
    let mut tested = sound();
    tested.tests = vec![test(5, 5), test(0, 0)];
    tested.check().unwrap();
    assert_eq!((tested.points(), tested.bytes()), (2, 28 + 10));
}

#[test]
fn names_of_files_are_plain_paths() {
    for name in ["main.c", "src/a-b/x.h", "a+b_c.py", "Main.java"] {
        file_name(name).unwrap();
    }
    let long = "a".repeat(FILE_NAME_BYTES_MAX + 1);
    for name in [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        ".",
        ".bashrc",
        "-o",
        "a/-x",
        "a b",
        "a\0b",
        "a\nb",
        "ä.c",
        "@file",
        "a\\b",
        "$(x)",
        "1/2/3/4/5/6/7/8/9",
        &long,
    ] {
        let why = refused(|s| s.files[0].name = name.into());
        assert_eq!(
            (why.code.as_ref(), why.message.contains("is no name")),
            ("bad_submission", true),
            "{name}"
        );
    }
}

#[test]
fn no_file_is_there_twice_or_another_ones_folder() {
    for names in [["a", "a"], ["a", "a/b"], ["a/b", "a"]] {
        let why = refused(|s| {
            s.files = names.map(|name| File { name: name.into(), content: "x".into() }).into();
        });
        assert!(why.message.contains("twice"), "{names:?}: {why}");
    }
}

#[test]
fn everything_has_a_bound() {
    let big = |size| Blob(vec![b'x'; size]);
    let file = |n: usize| File { name: format!("f{n}"), content: "x".into() };
    let large = [
        refused(|s| s.files[0].content = big(FILES_BYTES_MAX + 1)),
        refused(|s| s.stdin = big(TEST_BYTES_MAX + 1)),
        refused(|s| s.tests = vec![test(TEST_BYTES_MAX + 1, 0)]),
        refused(|s| s.tests = vec![test(0, TEST_BYTES_MAX + 1)]),
        refused(|s| s.tests = vec![test(TEST_BYTES_MAX, TEST_BYTES_MAX); 3]),
        refused(|s| s.arguments = vec!["x".repeat(ARGUMENTS_BYTES_MAX)]),
    ];
    assert!(large.iter().all(|why| why.code == "submission_too_large"), "{large:?}");
    let bad = [
        refused(|s| s.files.clear()),
        refused(|s| s.files = (0..=FILES_MAX).map(file).collect()),
        refused(|s| s.tests = vec![test(1, 1); TESTS_MAX + 1]),
        refused(|s| s.arguments = vec!["a\0b".into()]),
        refused(|s| s.tests = vec![Test { points: POINTS_MAX + 1, ..test(1, 1) }]),
        refused(|s| s.language = String::new()),
        refused(|s| s.language = "C; rm".into()),
        refused(|s| (s.tests, s.stdin) = (vec![test(1, 1)], "x".into())),
        refused(|s| (s.tests, s.interactive) = (vec![test(1, 1)], true)),
        refused(|s| s.checker = Checker::Floats { absolute: f64::NAN, relative: 0.0 }),
        refused(|s| s.checker = Checker::Floats { absolute: 0.0, relative: -1.0 }),
        refused(|s| s.checker = Checker::Program { language: "c".into(), source: "x".into() }),
        refused(|s| s.checker = Checker::Program { language: "c".into(), source: "".into() }),
    ];
    assert!(bad.iter().all(|why| why.code == "bad_submission"), "{bad:?}");
}

#[test]
fn no_limit_is_zero_or_without_end() {
    for (n, (name, _, least, most)) in RUN_RANGES.into_iter().enumerate() {
        for value in [0, least - 1, most + 1] {
            let why = refused(|s| match n {
                0 => s.run.cpu_ms = value as u32,
                1 => s.run.wall_ms = value as u32,
                2 => s.run.memory_bytes = value,
                3 => s.run.output_bytes = value,
                _ => s.run.processes = value as u16,
            });
            assert!(why.message.contains(name) && why.message.contains(&most.to_string()), "{why}");
        }
    }
    assert!(refused(|s| s.compile.wall_ms = 0).message.contains("the compiler's wall_ms"));
}

#[test]
fn a_webhook_has_an_address_and_shows_no_secret() {
    for url in ["", "ftp://a", "file:///etc/passwd", "http://a b", "javascript:1"] {
        let why = refused(|s| s.webhook = Some(Webhook { url: url.into(), secret: None }));
        assert!(why.message.contains("webhook"), "{url}");
    }
    let url = "https://example.org/x".to_owned();
    let webhook = Webhook { url, secret: Some("hush".into()) };
    assert!(!format!("{webhook:?}").contains("hush"));
    let mut good = sound();
    good.webhook = Some(webhook);
    good.check().unwrap();
}

#[test]
fn the_largest_submission_is_within_the_bound_of_a_command() {
    let mut large = sound();
    large.files[0].content = Blob(vec![b'x'; FILES_BYTES_MAX]);
    large.tests = vec![test(TEST_BYTES_MAX, TEST_BYTES_MAX); 2];
    large.arguments = vec!["x".repeat(1023); 32];
    let source = Blob(vec![b'x'; FILES_BYTES_MAX]);
    large.checker = Checker::Program { language: "c".into(), source };
    large.webhook = Some(Webhook { url: format!("http://{}", "x".repeat(2000)), secret: None });
    large.check().unwrap();
    let size = codec::encode(&large).len();
    assert!(size < COMMAND_BYTES_MAX, "{size} bytes");
    large.lighten();
    assert!(codec::encode(&large).len() < 300 * 1024, "what is kept is small");
}
