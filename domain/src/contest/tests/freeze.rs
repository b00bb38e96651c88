//! What the freeze hides, and the reveal.

use super::*;

/// A contest in whose last hour teams 1 and 2 send in much, of which comes what `verdicts` say.
fn frozen(scoring: Scoring, verdicts: [Verdict; 5]) -> Stage {
    let mut stage = Stage::new(scoring);
    stage.at(50);
    stage.tries(1, 'A', Verdict::Accepted);
    stage.tries(2, 'A', Verdict::WrongAnswer);
    stage.at(239);
    let before = stage.sends(3, 'B');
    stage.at(240);
    stage.told.clear();
    let mut ids = Vec::new();
    for (minute, (n, c)) in
        [(1, 'B'), (1, 'B'), (2, 'A'), (2, 'C'), (1, 'C')].into_iter().enumerate()
    {
        stage.at(241 + minute as u64);
        ids.push(stage.sends(n, c));
    }
    for (id, verdict) in ids.into_iter().zip(verdicts) {
        stage.judges(id, outcome(verdict, if verdict.is_accepted() { 10 } else { 3 }));
    }
    stage.judges(before, outcome(Verdict::Accepted, 10));
    stage
}

const ALL_WRONG: [Verdict; 5] = [Verdict::WrongAnswer; 5];

#[test]
fn two_contests_with_other_results_in_the_freeze_look_the_same_byte_for_byte() {
    let others = [
        [Verdict::Accepted; 5],
        [Verdict::CompileError; 5],
        [
            Verdict::InternalError,
            Verdict::Accepted,
            Verdict::TimeLimit,
            Verdict::Accepted,
            Verdict::CompileError,
        ],
    ];
    for scoring in [Scoring::Icpc, Scoring::Points] {
        let one = frozen(scoring, ALL_WRONG);
        for verdicts in others {
            let mut two = frozen(scoring, verdicts);
            // Whoever sent in nothing in the freeze sees what everybody sees, and neither does it change by judging again.
            let again = Command::Rejudge(Again::Problem(letter('B')));
            let before = two.told.clone();
            two.ask(&organizer(), again).unwrap();
            for (_, to_judge) in two.owes().iter().filter(|(_, it)| it.account != account(3)) {
                two.judges(to_judge.submission, outcome(Verdict::Accepted, 10));
            }
            let json = |stage: &Stage, audience: Audience| {
                serde_json::to_string(&stage.seen(&audience)).unwrap()
            };
            let mut own_of_three = json(&two, Audience::Own(account(3)));
            // It is told that its own program is judged again.
            own_of_three = own_of_three
                .replace("\"judgings\":2,\"judging\":true", "\"judgings\":1,\"judging\":false");
            assert_eq!(json(&one, Audience::Public), json(&two, Audience::Public));
            assert_eq!(json(&one, Audience::Own(account(3))), own_of_three);
            assert_eq!(one.told[&Audience::Public], two.told[&Audience::Public]);
            assert_eq!(one.told[&Audience::Own(account(3))], before[&Audience::Own(account(3))]);
            assert_ne!(json(&one, Audience::Presenter), json(&two, Audience::Presenter));
            assert_ne!(
                json(&one, Audience::Own(account(1))),
                json(&two, Audience::Own(account(1)))
            );
        }
    }
}

#[test]
fn in_the_freeze_a_team_sees_its_own_verdicts_and_the_board_that_everybody_sees() {
    let stage = frozen(Scoring::Icpc, [Verdict::Accepted; 5]);
    let own = stage.seen(&Audience::Own(account(1)));
    assert!(own.submissions.iter().all(|one| one.verdict == Some(Verdict::Accepted)));
    assert_eq!(own.board, stage.seen(&Audience::Public).board);
    assert_eq!(stage.board(&Audience::Public), "1 P1 1 50; 2 P3 1 239; 3 P2 0 0");
    assert_eq!(stage.board(&Audience::Presenter), "1 P1 3 536; 2 P2 2 507; 3 P3 1 239");
    let cells = &own.board[0].cells;
    assert_eq!((cells[&letter('B')].pending, cells[&letter('B')].tries), (2, 0));
    let hidden = stage.seen(&Audience::Presenter).hidden.unwrap();
    assert_eq!((hidden.left, hidden.team), (4, None), "none is next before it is over");
}

#[test]
fn what_was_sent_in_before_the_freeze_is_shown_also_when_it_is_judged_later() {
    let stage = frozen(Scoring::Icpc, ALL_WRONG);
    assert_eq!(stage.seen(&Audience::Public).board[1].name, "P3");
}

#[test]
fn the_reveal_goes_from_the_lowest_team_up_problem_by_problem() {
    let mut stage = frozen(
        Scoring::Icpc,
        [
            Verdict::WrongAnswer,
            Verdict::Accepted,
            Verdict::Accepted,
            Verdict::Accepted,
            Verdict::WrongAnswer,
        ],
    );
    let step = || Command::Reveal(Reveal::Step);
    assert_eq!(stage.refused(&organizer(), step()), "contest_not_over");
    stage.at(300);
    assert_eq!(stage.refused(&person(1), step()), "not_the_organizer");
    let mut seen = Vec::new();
    loop {
        let Ok(Reply::Revealed(shown)) = stage.ask(&organizer(), step()) else { panic!() };
        let Some((team, problem)) = shown.team.zip(shown.problem) else { break };
        let (from, to) = (shown.from.unwrap(), shown.to.unwrap());
        seen.push(format!("P{team} {problem} {from}->{to}, {} left", shown.left));
    }
    // P2 solves A and passes P3 with C; then nobody below P1 has anything hidden.
    let told = ["P2 A 3->3, 3 left", "P2 C 3->1, 2 left", "P1 B 2->1, 1 left", "P1 C 1->1, 0 left"];
    assert_eq!(seen, told);
    assert_eq!(stage.refused(&organizer(), step()), "nothing_hidden");
    assert!(stage.seen(&Audience::Public).head.revealed);
    assert_eq!(stage.board(&Audience::Public), stage.board(&Audience::Presenter));
    stage.rebuilt();
}

#[test]
fn a_step_shows_one_cell_and_nothing_else() {
    let mut stage = frozen(Scoring::Icpc, [Verdict::Accepted; 5]);
    stage.at(300);
    let before = stage.seen(&Audience::Public).board;
    stage.ask(&organizer(), Command::Reveal(Reveal::Step)).unwrap();
    let after = stage.seen(&Audience::Public).board;
    let cells = |board: &[Row]| -> BTreeMap<_, _> {
        let of = |row: &Row| {
            row.cells.clone().into_iter().map(|(c, cell)| ((row.team, c), cell)).collect::<Vec<_>>()
        };
        board.iter().flat_map(of).collect()
    };
    let (before, after) = (cells(&before), cells(&after));
    let changed: Vec<_> =
        after.iter().filter(|(at, cell)| before[at] != **cell).map(|one| *one.0).collect();
    assert_eq!(changed, [(2, letter('A'))]);
}

#[test]
fn everything_can_be_revealed_as_a_whole_once_it_is_judged() {
    let mut stage = Stage::new(Scoring::Points);
    stage.at(250);
    let id = stage.sends(1, 'A');
    stage.at(300);
    let all = || Command::Reveal(Reveal::All);
    assert_eq!(stage.refused(&organizer(), all()), "not_judged_yet");
    stage.judges(id, outcome(Verdict::WrongAnswer, 7));
    stage.ask(&organizer(), all()).unwrap();
    assert_eq!(stage.board(&Audience::Public), "1 P1 70 0; 2 P2 0 0; 2 P3 0 0");
    let again = Command::Rejudge(Again::Submission(id));
    stage.ask(&organizer(), again).unwrap();
    stage.judges(id, outcome(Verdict::Accepted, 10));
    assert_eq!(stage.board(&Audience::Public), "1 P1 100 0; 2 P2 0 0; 2 P3 0 0");
    stage.rebuilt();
}

#[test]
fn without_a_freeze_nothing_is_hidden() {
    let mut stage = Stage::empty();
    let creation = Creation { freeze_at: None, ..creation(Scoring::Icpc) };
    stage.ask(&organizer(), Command::Create(Box::new(creation))).unwrap();
    stage.at(301);
    assert_eq!(stage.refused(&organizer(), Command::Reveal(Reveal::All)), "nothing_hidden");
}
