//! How strong the walls are. A weaker tier is never chosen for you.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How strong the walls are. Every report names the tier that its job ran under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Without cgroups: each process is limited, not the job. Memory and processor time of many
    /// processes together are not bounded, so this is for programs that are half trusted.
    RootlessNoCgroup,
    /// Everything that [`Tier::Full`] has, but set up by an ordinary user who was given cgroups.
    /// The jail's keeper and the program share one user id of the machine.
    Rootless,
    /// All namespaces, cgroups, seccomp, and a user id of its own for each job. Needs root.
    Full,
}

impl Tier {
    /// Every tier, the strongest first.
    pub const ALL: [Self; 3] = [Self::Full, Self::Rootless, Self::RootlessNoCgroup];

    /// The name that configuration, command line and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Rootless => "rootless",
            Self::RootlessNoCgroup => "rootless-no-cgroup",
        }
    }

    /// Whether jobs of this tier live in cgroups.
    #[must_use]
    pub const fn has_cgroups(self) -> bool {
        !matches!(self, Self::RootlessNoCgroup)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|tier| tier.name() == text).ok_or_else(|| {
            format!("no tier is called '{text}': full, rootless, rootless-no-cgroup")
        })
    }
}
