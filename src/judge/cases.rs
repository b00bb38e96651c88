//! Running a program: once with its input, or once for each of its tests, one after the other.

use playhouse_domain::judge::checker;
use playhouse_domain::judge::job::{CASE_SHOWN_BYTES_MAX, Case, End, Ran, Stream, Work};
use playhouse_domain::judge::{Checker, File, Limits, Submission, Test, Verdict};
use playhouse_sandbox::{Input, InputFile, Outcome};

use super::compile::{Compiled, Program};
use super::court::{Court, Said, Say};
use super::jail::{Fault, Order, perform, ran};
use super::languages::Language;
use super::run::Run;

/// A program that can be run, with its language.
#[derive(Clone, Copy)]
pub(super) struct Runs<'a> {
    pub(super) language: &'a Language,
    pub(super) files: &'a [InputFile],
    pub(super) main: &'a str,
}

impl<'a> Runs<'a> {
    fn of(language: &'a Language, program: &'a Program) -> Self {
        Self { language, files: &program.files, main: &program.main }
    }

    /// A run of it.
    pub(super) fn order(self, arguments: &[String], limits: &Limits) -> Order {
        Order::of(self.language, (self.main, self.files), arguments, limits)
    }
}

/// Who says whether an answer is right.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    Words(&'a Checker),
    Program(Runs<'a>),
    Interactive(Runs<'a>),
}

/// The program that checks answers, with its language; none where none is needed.
type Checks<'a> = Option<(&'a Language, Program)>;

/// What a run did and wrote.
pub(super) struct Did {
    pub(super) ran: Ran,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

impl From<Outcome> for Did {
    fn from(outcome: Outcome) -> Self {
        let Outcome { report, stdout, stderr } = outcome;
        Self { ran: ran(&report, &stderr), stdout, stderr }
    }
}

impl Court {
    /// Judges `work` from its start, and says what happens as it goes.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    pub fn judge(&self, work: &Work, run: &Run, say: Say<'_>) -> Result<End, Fault> {
        let submission = &work.submission;
        let Some(language) = self.languages.find(&submission.language) else {
            let id = &submission.language;
            return Ok(
                self.end(Verdict::InternalError, format!("this machine has no '{id}' any more"))
            );
        };
        let compiled = self.compile(run, language, &submission.files, &submission.compile)?;
        let program = match compiled {
            Compiled::Well(program) => program,
            Compiled::Badly(compile) => {
                let cause = compile.ran.message.clone().unwrap_or_default();
                say(Said::Compiled(Some(compile)));
                return Ok(self.end(Verdict::CompileError, cause));
            }
        };
        let judge = match self.judges_program(run, submission)? {
            Ok(judge) => judge,
            Err(why) => return Ok(self.end(Verdict::InternalError, why)),
        };
        say(Said::Compiled(program.compile.clone()));
        let runs = Runs::of(language, &program);
        if submission.tests.is_empty() {
            return self.run_once(run, submission, runs, say);
        }
        let by = match (&submission.checker, &judge) {
            (Checker::Interactive { .. }, Some((language, program))) => {
                By::Interactive(Runs::of(language, program))
            }
            (_, Some((language, program))) => By::Program(Runs::of(language, program)),
            (words, None) => By::Words(words),
        };
        self.run_tests(run, submission, (runs, by), say)
    }

    pub(super) fn end(&self, verdict: Verdict, message: impl Into<Option<String>>) -> End {
        let tier = Some(self.sandbox.tier().to_string());
        End { verdict, message: message.into(), score: 0, tier }
    }

    /// The checker of `submission` as a program, if it is one; or why it is none.
    fn judges_program(
        &self,
        run: &Run,
        submission: &Submission,
    ) -> Result<Result<Checks<'_>, String>, Fault> {
        let (Checker::Program { language, source } | Checker::Interactive { language, source }) =
            &submission.checker
        else {
            return Ok(Ok(None));
        };
        let Some(language) = self.languages.find(language) else {
            return Ok(Err(format!("this machine has no '{language}', which the checker needs")));
        };
        let file = File { name: language.block.file.clone(), content: source.clone() };
        Ok(match self.compile(run, language, &[file], &Limits::of_compile())? {
            Compiled::Well(program) => Ok(Some((language, program))),
            Compiled::Badly(compile) => {
                let (why, said) = (compile.ran.message.unwrap_or_default(), compile.output);
                let said: String = said.chars().take(200).collect();
                Err(format!("the checker cannot be compiled: {why}: {said}"))
            }
        })
    }

    /// One run, whose output is told as it comes.
    fn run_once(
        &self,
        run: &Run,
        submission: &Submission,
        runs: Runs<'_>,
        say: Say<'_>,
    ) -> Result<End, Fault> {
        let mut order = runs.order(&submission.arguments, &submission.run);
        let mut print = |stream, bytes: &[u8]| run.print(stream, bytes);
        let did: Did = match &run.feed {
            None => {
                order.input = bytes(&submission.stdin.0);
                self.perform(run, runs, order, &mut print)?.into()
            }
            Some(feed) => {
                let (reader, writer) = std::io::pipe()?;
                order.input = Input::Descriptor(reader.into());
                // What it is begun with may be more than may wait later.
                let _ = feed.add(&submission.stdin.0, false, usize::MAX);
                std::thread::scope(|scope| {
                    scope.spawn(|| feed.pour(writer));
                    let outcome = self.perform(run, runs, order, &mut print);
                    feed.close();
                    outcome
                })?
                .into()
            }
        };
        let (verdict, message) = (did.ran.verdict, did.ran.message.clone());
        let case =
            Case { name: "run".to_owned(), points: 0, ran: did.ran, stdout: None, stderr: None };
        say(Said::Case(case));
        Ok(self.end(verdict, message))
    }

    pub(super) fn perform(
        &self,
        run: &Run,
        runs: Runs<'_>,
        order: Order,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Outcome, Fault> {
        perform(&self.sandbox, (run, &run.cancel()?), order, runs.language, sink)
    }

    fn run_tests(
        &self,
        run: &Run,
        submission: &Submission,
        (runs, by): (Runs<'_>, By<'_>),
        say: Say<'_>,
    ) -> Result<End, Fault> {
        let mut first: Option<(Verdict, String)> = None;
        for test in &submission.tests {
            let did = match by {
                By::Interactive(judge) => self.talk(run, submission, test, (runs, judge))?,
                by => self.run_test(run, submission, test, (runs, by))?,
            };
            let case = case(test, did);
            let verdict = case.ran.verdict;
            if !verdict.is_accepted() && first.is_none() {
                let why = case.ran.message.as_ref();
                let why = why.map_or_else(String::new, |why| format!(": {why}"));
                first = Some((verdict, format!("test '{}'{why}", test.name)));
            }
            say(Said::Case(case));
            if first.is_some() && submission.stop_at_first_failure {
                break;
            }
        }
        Ok(match first {
            Some((verdict, message)) => self.end(verdict, message),
            None => self.end(Verdict::Accepted, None),
        })
    }

    fn run_test(
        &self,
        run: &Run,
        submission: &Submission,
        test: &Test,
        (runs, by): (Runs<'_>, By<'_>),
    ) -> Result<Did, Fault> {
        let mut order = runs.order(&submission.arguments, &submission.run);
        order.input = bytes(&test.stdin.0);
        let mut did: Did = self.perform(run, runs, order, &mut |_, _| {})?.into();
        if did.ran.verdict != Verdict::Accepted {
            return Ok(did);
        }
        match by {
            By::Words(checker) => {
                if let Err(why) = checker::check(checker, &test.expected.0, &did.stdout) {
                    (did.ran.verdict, did.ran.message) = (Verdict::WrongAnswer, Some(why));
                }
            }
            By::Program(judge) | By::Interactive(judge) => {
                let (verdict, message) = self.ask_program(run, judge, test, &did.stdout)?;
                (did.ran.verdict, did.ran.message) = (verdict, message);
            }
        }
        Ok(did)
    }

    /// Whether a program takes the answer `got`.
    fn ask_program(
        &self,
        run: &Run,
        judge: Runs<'_>,
        test: &Test,
        got: &[u8],
    ) -> Result<(Verdict, Option<String>), Fault> {
        let mut order = judges_order(judge, test, Some(got));
        order.input = Input::Empty;
        let did = self.perform(run, judge, order, &mut |_, _| {})?;
        Ok(says(&did.into()))
    }
}

/// The call of a checker: input, expected, and what came.
pub(super) fn judges_order(judge: Runs<'_>, test: &Test, got: Option<&[u8]>) -> Order {
    let files = [("input.txt", Some(&test.stdin.0[..])), ("expected.txt", Some(&test.expected.0))];
    let files = files.into_iter().chain([("answer.txt", got)]);
    let files = files.filter_map(|(name, bytes)| Some((name, bytes?)));
    let (names, put): (Vec<String>, Vec<InputFile>) = files
        .map(|(name, bytes)| {
            let bytes = bytes.to_vec();
            (name.to_owned(), InputFile { name: name.to_owned(), bytes, executable: false })
        })
        .unzip();
    // One that talks with a program that only writes must not be the first to have written too much.
    let output_bytes = 8 << 20;
    let limits = Limits { cpu_ms: 10_000, wall_ms: 30_000, output_bytes, ..Limits::of_run() };
    let mut order = judge.order(&names, &limits);
    order.files.extend(put);
    order
}

/// What a checker that is a program says by how it ended.
pub(super) fn says(did: &Did) -> (Verdict, Option<String>) {
    let text =
        String::from_utf8_lossy(if did.stderr.is_empty() { &did.stdout } else { &did.stderr });
    let said = text.lines().next().filter(|line| !line.trim().is_empty());
    let said = said.map(|line| line.chars().take(200).collect::<String>());
    match (did.ran.verdict, did.ran.exit_code) {
        (Verdict::Accepted, _) => (Verdict::Accepted, None),
        (Verdict::RuntimeError, Some(1 | 2)) => (Verdict::WrongAnswer, said),
        (verdict, code) => {
            let how = serde_json::to_string(&verdict).unwrap_or_default();
            let code = code.map_or_else(String::new, |code| format!(" (status {code})"));
            let said = said.map_or_else(String::new, |said| format!(": {said}"));
            let message = format!("the checker failed: {}{code}{said}", how.trim_matches('"'));
            (Verdict::InternalError, Some(message))
        }
    }
}

fn bytes(input: &[u8]) -> Input {
    if input.is_empty() { Input::Empty } else { Input::Bytes(input.to_vec()) }
}

/// What is told of a test. Of one that is hidden only how it ended, and what it used.
fn case(test: &Test, did: Did) -> Case {
    let shown = |bytes: &[u8]| {
        let bytes = &bytes[..bytes.len().min(CASE_SHOWN_BYTES_MAX)];
        (!test.hidden).then(|| String::from_utf8_lossy(bytes).into_owned())
    };
    let (stdout, stderr) = (shown(&did.stdout), shown(&did.stderr));
    let mut ran = did.ran;
    // Why an answer is wrong says what would be right.
    if test.hidden && ran.verdict == Verdict::WrongAnswer {
        ran.message = None;
    }
    let points = if ran.verdict.is_accepted() { test.points } else { 0 };
    Case { name: test.name.clone(), points, ran, stdout, stderr }
}
