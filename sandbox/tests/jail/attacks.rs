//! The attack list on this machine.

use playhouse_sandbox::attack::{Case, cases, processes_are_bounded};
use playhouse_sandbox::{Config, Image, Sandbox};

use crate::harness::{attacks, config};

/// Runs every third attack, from `first` on, so that three tests share the list.
fn held(first: usize) {
    let Some(config) = config() else { return };
    let config = Config { pool: Some((Image::bare(), 2)), ..config };
    let sandbox = Sandbox::start(&config).unwrap();
    let (programs, _folder, stage) = attacks();
    processes_are_bounded(&sandbox, &programs, &stage).unwrap();
    let mine: Vec<Case> =
        cases().into_iter().skip(first).step_by(3).filter(Case::is_possible).collect();
    let mut wrong = Vec::new();
    for case in mine {
        let row = case.run(&sandbox, &programs, &stage, 1).unwrap();
        println!("{:<34} {:<20} {}", row.name, row.expect.to_string(), row.got);
        if !row.wrong.is_empty() {
            wrong.push(format!("{}: {:?}", row.name, row.wrong));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_jail_holds_against_the_first_third_of_the_attack_list() {
    held(0);
}

#[test]
fn the_jail_holds_against_the_second_third_of_the_attack_list() {
    held(1);
}

#[test]
fn the_jail_holds_against_the_last_third_of_the_attack_list() {
    held(2);
}
