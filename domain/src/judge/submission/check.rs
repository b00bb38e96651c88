//! Looking at a submission as a whole: what is wrong with it is refused with its reason.

use super::{
    ARGUMENTS_BYTES_MAX, COMPILE_RANGES, Checker, FILE_DEPTH_MAX, FILE_NAME_BYTES_MAX,
    FILES_BYTES_MAX, FILES_MAX, LANGUAGE_BYTES_MAX, Limits, POINTS_MAX, RUN_RANGES, Range,
    Submission, TEST_BYTES_MAX, TEST_NAME_MAX, TESTS_BYTES_MAX, TESTS_MAX,
    WEBHOOK_SECRET_BYTES_MAX, WEBHOOK_URL_BYTES_MAX, Webhook,
};
use crate::refusal::{Refusal, RefusalKind};

impl Limits {
    fn check(&self, of: &str, ranges: &[Range; 5]) -> Result<(), Refusal> {
        let values = [
            u64::from(self.cpu_ms),
            u64::from(self.wall_ms),
            self.memory_bytes,
            self.output_bytes,
            u64::from(self.processes),
        ];
        for (value, (name, unit, least, most)) in values.into_iter().zip(ranges) {
            if !(*least..=*most).contains(&value) {
                let said = format!(
                    "{of}'s {name} is {value}, it must lie between {least} and {most} {unit}"
                );
                return Err(bad(said).with("field", [*name]));
            }
        }
        Ok(())
    }
}

/// What stands against a submission.
fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "bad_submission", message)
}

fn too_large(what: &str, size: usize, most: usize) -> Refusal {
    let message = format!("{what} have {size} bytes together, they may have {most}");
    Refusal::new(RefusalKind::Invalid, "submission_too_large", message).with("max", [most])
}

impl Submission {
    /// Looks at everything.
    ///
    /// # Errors
    ///
    /// `bad_submission` or `submission_too_large`, with the first thing that is wrong.
    pub fn check(&self) -> Result<(), Refusal> {
        language(&self.language)?;
        self.check_files()?;
        self.check_arguments()?;
        self.check_tests()?;
        self.check_checker()?;
        self.run.check("the run", &RUN_RANGES)?;
        self.compile.check("the compiler", &COMPILE_RANGES)?;
        match &self.webhook {
            Some(webhook) => webhook.check(),
            None => Ok(()),
        }
    }

    fn check_files(&self) -> Result<(), Refusal> {
        if self.files.is_empty() || self.files.len() > FILES_MAX {
            let many = self.files.len();
            return Err(bad(format!("it has {many} files, it must have 1 to {FILES_MAX}")));
        }
        let size = self.files.iter().map(|file| file.content.len()).sum();
        if size > FILES_BYTES_MAX {
            return Err(too_large("its files", size, FILES_BYTES_MAX));
        }
        for (n, file) in self.files.iter().enumerate() {
            file_name(&file.name)?;
            let folder = |name: &str, of: &str| {
                of.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
            };
            let clash = self.files[..n].iter().map(|other| &other.name).find(|other| {
                **other == file.name || folder(other, &file.name) || folder(&file.name, other)
            });
            if clash.is_some() {
                let said =
                    format!("the file '{}' is there twice, or is a folder of another", file.name);
                return Err(bad(said));
            }
        }
        Ok(())
    }

    fn check_arguments(&self) -> Result<(), Refusal> {
        let size = self.arguments.iter().map(|text| text.len() + 1).sum::<usize>();
        if size > ARGUMENTS_BYTES_MAX {
            return Err(too_large("its arguments", size, ARGUMENTS_BYTES_MAX));
        }
        match self.arguments.iter().any(|text| text.contains('\0')) {
            true => Err(bad("an argument holds a NUL, which no program can be given")),
            false => Ok(()),
        }
    }

    fn check_tests(&self) -> Result<(), Refusal> {
        if self.tests.len() > TESTS_MAX {
            let many = self.tests.len();
            return Err(bad(format!("it has {many} tests, it may have {TESTS_MAX}")));
        }
        if !self.tests.is_empty() && (self.interactive || !self.stdin.is_empty()) {
            return Err(bad("a submission with tests has no input of its own: each test has one"));
        }
        let input = [("the input".to_owned(), &self.stdin)].into_iter();
        let tests = self.tests.iter().flat_map(|test| {
            let of = |part| format!("the {part} of test '{}'", test.name);
            [(of("input"), &test.stdin), (of("expected answer"), &test.expected)]
        });
        for (what, blob) in input.chain(tests) {
            if blob.len() > TEST_BYTES_MAX {
                return Err(too_large(&what, blob.len(), TEST_BYTES_MAX));
            }
        }
        let size = self.tests.iter().map(|test| test.stdin.len() + test.expected.len()).sum();
        if size > TESTS_BYTES_MAX {
            return Err(too_large("its tests", size, TESTS_BYTES_MAX));
        }
        for test in &self.tests {
            crate::text::line("a test's name", &test.name, TEST_NAME_MAX)?;
            if test.points > POINTS_MAX {
                let said = format!(
                    "test '{}' is worth {}, it may be {POINTS_MAX}",
                    test.name, test.points
                );
                return Err(bad(said));
            }
        }
        Ok(())
    }

    fn check_checker(&self) -> Result<(), Refusal> {
        match &self.checker {
            Checker::Floats { absolute, relative } => {
                let sound = |x: &f64| x.is_finite() && (0.0..=1e9).contains(x);
                match sound(absolute) && sound(relative) {
                    true => Ok(()),
                    false => Err(bad("a tolerance must be a number from 0 to 1,000,000,000")),
                }
            }
            Checker::Program { language: id, source }
            | Checker::Interactive { language: id, source } => {
                language(id)?;
                if source.is_empty() || source.len() > FILES_BYTES_MAX {
                    let size = source.len();
                    return Err(bad(format!(
                        "the checker has {size} bytes, it must have 1 to {FILES_BYTES_MAX}"
                    )));
                }
                match self.tests.is_empty() {
                    true => Err(bad("a checker that is a program needs tests")),
                    false => Ok(()),
                }
            }
            Checker::Exact | Checker::Tokens | Checker::Unordered => Ok(()),
        }
    }
}

impl Webhook {
    fn check(&self) -> Result<(), Refusal> {
        let scheme = ["http://", "https://"].iter().any(|scheme| self.url.starts_with(scheme));
        let visible = self.url.bytes().all(|byte| byte.is_ascii_graphic());
        if !scheme || !visible || self.url.len() > WEBHOOK_URL_BYTES_MAX {
            let most = WEBHOOK_URL_BYTES_MAX;
            return Err(bad(format!(
                "a webhook's url is http or https, visible ASCII, at most {most} bytes"
            )));
        }
        let long = self
            .secret
            .as_ref()
            .is_some_and(|s| s.is_empty() || s.len() > WEBHOOK_SECRET_BYTES_MAX);
        match long {
            true => {
                Err(bad(format!("a webhook's secret has 1 to {WEBHOOK_SECRET_BYTES_MAX} bytes")))
            }
            false => Ok(()),
        }
    }
}

fn language(id: &str) -> Result<(), Refusal> {
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-_.#".contains(&b);
    match !id.is_empty() && id.len() <= LANGUAGE_BYTES_MAX && id.bytes().all(sound) {
        true => Ok(()),
        false => Err(bad(format!("'{:.32}' is no id of a language", id.escape_debug()))),
    }
}

/// Paths are plain, so that no compiler takes one for an option or an instruction.
pub(super) fn file_name(name: &str) -> Result<(), Refusal> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"._-+".contains(&b);
    let part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && part.bytes().all(letter);
    let parts = name.split('/').count();
    let sound =
        name.len() <= FILE_NAME_BYTES_MAX && parts <= FILE_DEPTH_MAX && name.split('/').all(part);
    if sound {
        return Ok(());
    }
    let said = format!(
        "'{:.64}' is no name of a file: letters, digits and . _ - + in parts between '/', none of which starts with '.' or '-'",
        name.escape_debug()
    );
    Err(bad(said).with("field", ["files"]))
}
