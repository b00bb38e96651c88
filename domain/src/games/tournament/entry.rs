//! Coming and going.

use playhouse_protocol::ids::AccountId;

use super::command::{Entry, Phase};
use super::decide::begun;
use super::event::Event;
use super::{Entrant, Setup, Tournament};
use crate::games::match_room::NAME_MAX;
use crate::refusal::Refusal;
use crate::text::line;

fn not_registered() -> Refusal {
    Refusal::conflict("not_registered", "this account does not take part in the tournament")
}

impl Tournament {
    pub(super) fn entrant(&self, account: AccountId) -> Option<&Entrant> {
        self.entrants.iter().find(|entrant| entrant.account == account)
    }

    pub(super) fn register(
        &self,
        setup: &Setup,
        account: AccountId,
        entry: Entry,
    ) -> Result<Vec<Event>, Refusal> {
        if !self.phase.is_before() {
            return Err(begun());
        }
        let name = line("a name", &entry.name, NAME_MAX)?;
        let entry = Entry { name, ..entry };
        let own = self.entrant(account);
        let most = setup.creation.players_max;
        if own.is_none() && self.entrants.len() >= usize::from(most) {
            return Err(Refusal::conflict(
                "tournament_full",
                format!("all {most} places are taken"),
            ));
        }
        // To say the same again changes nothing, but for a check-in.
        let there = |own: &Entrant| own.checked_in || self.phase != Phase::CheckIn;
        let same = own.is_some_and(|own| own.entry == entry && there(own));
        Ok(if same { vec![] } else { vec![Event::Registered { account, entry }] })
    }

    pub(super) fn withdraw(&self, account: AccountId) -> Result<Vec<Event>, Refusal> {
        let entrant = self.entrant(account).ok_or_else(not_registered)?;
        let is_in = self.phase.is_before() || self.number(account).is_some();
        Ok(if entrant.out || !is_in { vec![] } else { vec![Event::Withdrew { account }] })
    }

    pub(super) fn check_in(&self, account: AccountId) -> Result<Vec<Event>, Refusal> {
        let entrant = self.entrant(account).ok_or_else(not_registered)?;
        match self.phase {
            Phase::CheckIn if entrant.checked_in => Ok(vec![]),
            Phase::CheckIn => Ok(vec![Event::CheckedIn { account }]),
            Phase::Registration => {
                Err(Refusal::conflict("check_in_closed", "check-in has not opened"))
            }
            Phase::Running | Phase::Concluded | Phase::Cancelled => Err(begun()),
        }
    }

    /// The number of `account`, if they take part.
    pub(super) fn number(&self, account: AccountId) -> Option<u16> {
        let field = &self.entrants[..usize::from(self.field)];
        field.iter().position(|entrant| entrant.account == account).map(|no| no as u16)
    }

    /// True if the player `no` has withdrawn.
    pub(super) fn is_out(&self, no: u16) -> bool {
        self.entrants.get(usize::from(no)).is_none_or(|entrant| entrant.out)
    }
}
