//! Each step of the set-up made to fail for real, in a real jail.

use playhouse_sandbox::attack::Traces;
use playhouse_sandbox::{Config, Error, Image, Sandbox, Spec, Verdict};

use crate::harness::config;

#[test]
fn whichever_step_fails_in_a_real_jail_nothing_runs_and_nothing_is_left() {
    let Some(config) = config() else { return };
    let spec = || {
        let mut spec = Spec::new(Image::system(), ["echo", "ran"]);
        spec.limits.work_bytes *= 2;
        spec
    };
    let mut steps = Vec::new();
    loop {
        let config = Config { sabotage: Some(steps.len()), ..config.clone() };
        let sandbox = Sandbox::start(&config).unwrap();
        // Once before, so that the zygote has started.
        let _ = sandbox.run(spec());
        sandbox.settle();
        let before = Traces::of(&sandbox);
        let done = sandbox.run(spec());
        assert_eq!(sandbox.settle(), 0);
        assert_eq!(Traces::left(&sandbox, &before), Vec::<String>::new());
        match done {
            Err(Error::SetUp(failed)) => {
                let told = Error::SetUp(failed.clone()).to_string();
                let layer = format!("of the layer {}", failed.layer);
                assert!(told.contains(&layer) && told.contains("; "), "{told}");
                steps.push(failed.step);
            }
            Err(Error::Program { program, .. }) => {
                assert_eq!(program, "echo");
                steps.push("execute".into());
            }
            Ok(outcome) => {
                assert_eq!(outcome.report.verdict, Verdict::Ok, "past the last step it runs");
                break;
            }
            Err(other) => panic!("after {steps:?}: {other}"),
        }
    }
    assert!(steps.len() > 55, "{steps:?}");
    assert_eq!(steps.last().unwrap(), "execute");
}
