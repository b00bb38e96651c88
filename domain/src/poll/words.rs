//! Words from the audience: when two are the same, and how often each was said.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::text;

/// The longest word, in characters, once it is normalised. 25: what a phone's keyboard completes, and
/// what a cloud can still draw. Spaces count, so that `ice cream` is one word.
pub const WORD_MAX: usize = 25;

/// The longest word as it was typed, in characters. 100, since normalising can make text shorter and
/// longer: what is over it is refused before any work is done.
const TYPED_MAX: usize = 100;

/// How many different words one poll knows. 5,000: a cloud shows 50, and they are part of every
/// snapshot. Past it words that were said before still count.
pub const DISTINCT_MAX: usize = 5000;

/// `typed` in the form in which words are the same: NFKC, Unicode case folding, single spaces,
/// without characters that cannot be seen (as of emoji that are put together).
///
/// # Errors
///
/// `bad_text` if nothing is left, or too much.
pub fn normalised(typed: &str) -> Result<String, Refusal> {
    if typed.chars().count() > TYPED_MAX {
        return Err(Refusal::invalid(
            "bad_text",
            format!("a word has at most {WORD_MAX} characters"),
        ));
    }
    let mut word = step(typed);
    // Folding may make room for another composition. Twice is enough for all of Unicode; the third
    // time costs nothing and is there for versions to come.
    for _ in 0..3 {
        let next = step(&word);
        if next == word {
            break;
        }
        word = next;
    }
    text::line("a word", &word, WORD_MAX)
}

fn step(typed: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let composed = nfkc.normalize(typed);
    let folded = CaseMapper::new().fold_string(&composed);
    let visible: String = folded.chars().filter(|c| !text::is_trap(*c)).collect();
    let spaced = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    nfkc.normalize(&spaced).into_owned()
}

/// A word's number within its poll.
pub(super) type WordId = u16;

/// The words of one poll, by how often they were said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Cloud {
    words: Vec<Word>,
    ids: BTreeMap<String, WordId>,
    /// Those that were said, most often first, then those that came first.
    by_count: BTreeSet<(Reverse<u32>, WordId)>,
    /// Those that the presenter took out of sight. They count on.
    hidden: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Word {
    text: String,
    count: u32,
}

impl Cloud {
    /// True if there is room for `words`, those that are new among them.
    pub(super) fn fits(&self, words: &[String]) -> bool {
        let new = words.iter().filter(|word| !self.ids.contains_key(*word)).count();
        self.words.len() + new <= DISTINCT_MAX
    }

    /// The number of `word`, which is given one if it is new.
    pub(super) fn id(&mut self, word: &str) -> WordId {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        let id = self.words.len() as WordId;
        self.words.push(Word { text: word.to_owned(), count: 0 });
        self.ids.insert(word.to_owned(), id);
        id
    }

    pub(super) fn text(&self, id: WordId) -> &str {
        self.words.get(usize::from(id)).map_or("", |word| &word.text)
    }

    /// Counts `id` once more, or once less.
    pub(super) fn count(&mut self, id: WordId, more: bool) {
        let Some(word) = self.words.get_mut(usize::from(id)) else { return };
        self.by_count.remove(&(Reverse(word.count), id));
        word.count = if more { word.count + 1 } else { word.count - 1 };
        if word.count > 0 {
            self.by_count.insert((Reverse(word.count), id));
        }
    }

    /// The words that were said, most often first.
    pub(super) fn said(&self) -> impl Iterator<Item = (&str, u32)> {
        self.by_count.iter().map(|(Reverse(count), id)| (self.text(*id), *count))
    }

    /// How many different words count.
    pub(super) fn distinct(&self) -> usize {
        self.by_count.len()
    }

    pub(super) fn hide(&mut self, word: &str, hide: bool) {
        match hide {
            true => drop(self.hidden.insert(word.to_owned())),
            false => drop(self.hidden.remove(word)),
        }
    }

    pub(super) fn is_hidden(&self, word: &str) -> bool {
        self.hidden.contains(word)
    }

    pub(super) fn hidden(&self) -> impl ExactSizeIterator<Item = &String> {
        self.hidden.iter()
    }

    /// As it was before anything was said. What is out of sight stays there.
    pub(super) fn clear(&mut self) {
        *self = Self { hidden: std::mem::take(&mut self.hidden), ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_that_look_or_sound_the_same_are_the_same() {
        for (typed, word) in [
            ("Rust", "rust"),
            ("  ice \t CREAM ", "ice cream"),
            ("Straße", "strasse"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("ﬁne", "fine"),
            ("Cafe\u{301}", "café"),
            ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
            ("\u{2764}\u{fe0f}", "\u{2764}"),
            ("pass\u{200b}word", "password"),
        ] {
            assert_eq!(normalised(typed).as_deref(), Ok(word), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_word_is_refused() {
        for typed in ["", "  ", "\u{200b}", "a\u{0}b", &"x".repeat(26), &"\u{fdfa}".repeat(101)] {
            let code = normalised(typed).unwrap_err().code;
            assert_eq!(code, "bad_text", "{typed:?}");
        }
        // One character that stands for eighteen.
        assert!(normalised("\u{fdfa}").is_ok());
        assert!(normalised("\u{fdfa}\u{fdfa}").is_err());
    }

    proptest! {
        #[test]
        fn normalising_again_changes_nothing(typed in any::<String>()) {
            if let Ok(word) = normalised(&typed) {
                prop_assert_eq!(normalised(&word), Ok(word.clone()));
            }
        }

        #[test]
        fn the_cloud_counts_what_was_said(steps in prop::collection::vec(("[a-d]{1}", any::<bool>()), 0..60)) {
            let mut cloud = Cloud::default();
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            for (word, more) in steps {
                let count = counts.entry(word.clone()).or_default();
                if more || *count > 0 {
                    *count = if more { *count + 1 } else { *count - 1 };
                    let id = cloud.id(&word);
                    cloud.count(id, more);
                }
            }
            counts.retain(|_, count| *count > 0);
            let said: Vec<_> = cloud.said().map(|(word, count)| (word.to_owned(), count)).collect();
            prop_assert!(said.windows(2).all(|pair| pair[0].1 >= pair[1].1), "most often first");
            prop_assert_eq!(cloud.distinct(), counts.len());
            prop_assert_eq!(said.into_iter().collect::<BTreeMap<_, _>>(), counts);
        }
    }
}
