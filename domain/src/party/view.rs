//! What is seen, and what lists show.

use playhouse_protocol::ids::{AccountId, PartyId};
use serde::{Deserialize, Serialize};

use super::Party;
use super::command::{PartyInfo, PartyInvitation, PartySearch};
use super::event::Event;
use crate::poll::code::JoinCode;
use crate::rows::RowChange;
use crate::time::Timestamp;

/// A party in the list of those that somebody is in or was asked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyRow {
    /// Its id.
    pub id: PartyId,
    /// Who leads it, by name.
    pub leader: String,
    /// How many are in it.
    pub members: u16,
    /// Until when they can come, if they were asked in and are not in it.
    pub invited_until: Option<Timestamp>,
}

impl Party {
    pub(super) fn has(&self, account: AccountId) -> bool {
        self.members.iter().any(|member| member.account == account)
    }

    /// True if `account` is in it, or was asked in.
    pub(super) fn knows(&self, account: AccountId) -> bool {
        self.has(account) || self.invited.contains_key(&account)
    }

    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty()
    }

    /// The party as `who` sees it; as those see it who run the place, if nobody is named.
    pub(super) fn info(&self, who: Option<AccountId>) -> Option<PartyInfo> {
        let leader = self.leader?;
        let is_in = who.is_none_or(|who| self.has(who));
        let knows = who.is_none_or(|who| self.knows(who));
        if !knows {
            // They are told that it is no more theirs, and nothing else of it.
            let (members, invited) = (Vec::new(), Vec::new());
            let (code, search, found, open) = (None, None, None, false);
            return Some(PartyInfo {
                id: self.id,
                leader,
                members,
                invited,
                code,
                search,
                found,
                open,
            });
        }
        let invited = self.invited.iter().map(|(account, (name, until))| PartyInvitation {
            account: *account,
            name: name.clone(),
            until: *until,
        });
        let search = self.search.as_ref().filter(|search| !search.ended && !search.unwanted);
        let code = self.code.as_ref().and_then(JoinCode::won);
        Some(PartyInfo {
            id: self.id,
            leader,
            members: self.members.clone(),
            invited: invited.collect(),
            code: code.filter(|_| is_in && !self.is_over()),
            search: search.map(|search| PartySearch {
                game: search.game.clone(),
                ticket: search.ticket,
                since: search.since,
            }),
            found: self.found.clone(),
            open: true,
        })
    }

    pub(super) fn after(&self, now: Timestamp, events: &[Event]) -> Self {
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply_event(now, event));
        after
    }

    fn key(&self, account: AccountId) -> String {
        format!("{account}/{}", self.id)
    }

    pub(super) fn all_rows(&self) -> Vec<RowChange> {
        let leader = self.members.iter().find(|member| Some(member.account) == self.leader);
        let row = |invited_until| PartyRow {
            id: self.id,
            leader: leader.map(|leader| leader.name.clone()).unwrap_or_default(),
            members: self.members.len() as u16,
            invited_until,
        };
        let put =
            |account, until| RowChange::put("parties_by_account", self.key(account), &row(until));
        let members = self.members.iter().map(|member| put(member.account, None));
        let invited = self.invited.iter().map(|(account, (_, until))| put(*account, Some(*until)));
        members.chain(invited).collect()
    }

    pub(super) fn rows_of(&self, event: &Event) -> Vec<RowChange> {
        let gone =
            |account: &AccountId| RowChange::delete("parties_by_account", self.key(*account));
        match event {
            Event::Created { .. }
            | Event::Invited { .. }
            | Event::Joined { .. }
            | Event::Leads(_) => self.all_rows(),
            Event::Left(_) | Event::Removed(_) | Event::Uninvited(_) | Event::Over => {
                self.gone.iter().map(gone).chain(self.all_rows()).collect()
            }
            _ => Vec::new(),
        }
    }
}
