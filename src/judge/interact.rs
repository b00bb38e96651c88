//! A program and a judge that talk with each other, each in a jail of its own, joined by pipes.
//!
//! What one writes goes into a queue, and from there into the other's input, so that neither jail's limits are
//! kept by somebody who waits: two programs that only write would else hold each other up for ever. What a queue
//! can hold is bounded by how much a program may write.

use std::time::{Duration, Instant};

use playhouse_domain::judge::job::Stream;
use playhouse_domain::judge::{Submission, Test, Verdict};
use playhouse_sandbox::Input;

use super::cases::{Did, Runs, judges_order, says};
use super::court::Court;
use super::jail::{Fault, Order, perform};
use super::run::{Cancel, Feed, Run};

/// How long a program may still run once its judge has said no. 200 ms: whoever reads an end comes to one.
const AFTER_NO: Duration = Duration::from_millis(200);

/// One of the two: how it ended, and when.
type Side = Result<(Did, Instant), Fault>;

impl Court {
    /// Lets the program and the judge talk over `test`.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    pub(super) fn talk(
        &self,
        run: &Run,
        submission: &Submission,
        test: &Test,
        (runs, judge): (Runs<'_>, Runs<'_>),
    ) -> Result<Did, Fault> {
        let (to_judge, to_program) = (Feed::default(), Feed::default());
        let (judge_reads, judge_fed) = std::io::pipe()?;
        let (program_reads, program_fed) = std::io::pipe()?;
        let mut order = runs.order(&submission.arguments, &submission.run);
        order.input = Input::Descriptor(program_reads.into());
        let mut ask = judges_order(judge, test, None);
        // It waits for the program, however long that takes.
        ask.limits.wall_ms = ask.limits.wall_ms.max(order.limits.wall_ms + 5_000);
        ask.input = Input::Descriptor(judge_reads.into());
        let (cancel, own) = (run.cancel()?, run.cancel()?);
        let (program, said) = std::thread::scope(|scope| {
            scope.spawn(|| to_judge.pour(judge_fed));
            scope.spawn(|| to_program.pour(program_fed));
            let asked = scope.spawn(|| {
                let said = self.side((run, &cancel), judge, ask, &to_program);
                to_program.end();
                to_judge.close();
                if !said.as_ref().is_ok_and(|(did, _)| says(did).0 == Verdict::Accepted) {
                    std::thread::sleep(AFTER_NO);
                    own.now();
                }
                said
            });
            let program = self.side((run, &own), runs, order, &to_judge);
            to_judge.end();
            to_program.close();
            let panicked = |_| Err(Fault::Jail("a judge's thread panicked".to_owned()));
            (program, asked.join().unwrap_or_else(panicked))
        });
        Ok(verdict(program?, said?))
    }

    fn side(
        &self,
        (run, cancel): (&Run, &Cancel<'_>),
        runs: Runs<'_>,
        order: Order,
        to: &Feed,
    ) -> Side {
        let mut sink = |stream, bytes: &[u8]| {
            if stream == Stream::Stdout {
                // Nobody may be there any more to read it.
                let _ = to.add(bytes, false, usize::MAX);
            }
        };
        let outcome = perform(&self.sandbox, (run, cancel), order, runs.language, &mut sink)?;
        Ok((outcome.into(), Instant::now()))
    }
}

/// Whoever came to a bad end first decides; the judge has the word on all others.
fn verdict((mut did, ended): (Did, Instant), (said, judged): (Did, Instant)) -> Did {
    let (word, message) = says(&said);
    let failed = !matches!(did.ran.verdict, Verdict::Accepted | Verdict::Cancelled);
    // Of a judge that says yes nobody knows whether it would have, had the program not failed.
    if !failed || judged < ended && word != Verdict::Accepted {
        (did.ran.verdict, did.ran.message) = (word, message);
    }
    did
}
