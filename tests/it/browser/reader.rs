//! Somebody with a keyboard and a screen reader: keys are all that they press, accessible names all that
//! they know of a page.

use std::time::Instant;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::json;

use super::{Driver, LOOK_EVERY, Page, WITHIN};

/// The member by which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How often tab is pressed at most to reach something: more than once around any page.
const TABS_MAX: usize = 80;

pub(super) struct Reader<'a> {
    driver: &'a Driver,
    page: &'a Page,
}

impl<'a> Reader<'a> {
    pub(super) fn of(driver: &'a Driver, page: &'a Page) -> Self {
        Self { driver, page }
    }

    /// Presses a key, as on a keyboard: whatever has the focus gets it.
    pub(super) async fn press(&self, key: impl Into<char>) {
        self.together(&[key.into()]).await;
    }

    /// Presses all of `keys` together, the first first.
    async fn together(&self, keys: &[char]) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys {
            actions = actions.then(KeyAction::Down { value: *value });
        }
        for value in keys.iter().rev() {
            actions = actions.then(KeyAction::Up { value: *value });
        }
        self.page.perform_actions(actions).await.unwrap();
    }

    /// The accessible name of what has the focus, as the browser computes it.
    pub(super) async fn here(&self) -> String {
        let deadline = Instant::now() + WITHIN;
        loop {
            match self.focused().await {
                Ok(name) => return name,
                // Drawn anew between two questions: then another thing has the focus.
                Err(error) => assert!(Instant::now() < deadline, "nothing has the focus: {error}"),
            }
        }
    }

    async fn focused(&self) -> Result<String, String> {
        let active = self.driver.read(self.page, "element/active").await?;
        let element = active[ELEMENT].as_str().ok_or("no element")?;
        let label =
            self.driver.read(self.page, &format!("element/{element}/computedlabel")).await?;
        Ok(label.as_str().unwrap_or_default().to_owned())
    }

    /// The accessible names of all that has `role`, of what the browser tells a screen reader.
    pub(super) async fn all(&self, role: &str) -> Vec<String> {
        let tree = self.driver.devtools(self.page, "Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().expect("a tree has nodes");
        let named =
            nodes.iter().filter(|node| node["ignored"] == false && node["role"]["value"] == role);
        named.filter_map(|node| node["name"]["value"].as_str().map(str::to_owned)).collect()
    }

    /// Goes on by tab until the name of what has the focus is one that is wanted; that name.
    pub(super) async fn reach(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.reach_by(&[char::from(Key::Tab)], wanted).await
    }

    /// The same, backwards.
    pub(super) async fn reach_back(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.reach_by(&[char::from(Key::Shift), char::from(Key::Tab)], wanted).await
    }

    async fn reach_by(&self, keys: &[char], wanted: impl Fn(&str) -> bool) -> String {
        for _ in 0..TABS_MAX {
            self.together(keys).await;
            let here = self.here().await;
            if wanted(&here) {
                return here;
            }
        }
        panic!("it is not reached by tab, of {:?}", self.all("button").await)
    }

    /// Waits until the name of what has the focus is one that is wanted; that name.
    pub(super) async fn arrive(&self, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + WITHIN;
        loop {
            let here = self.here().await;
            if wanted(&here) {
                return here;
            }
            assert!(Instant::now() < deadline, "the focus stays at '{here}'");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until the page says something that has `words` in it.
    pub(super) async fn hear(&self, words: &str) {
        let deadline = Instant::now() + WITHIN;
        while !self.all("StaticText").await.iter().any(|text| text.contains(words)) {
            assert!(Instant::now() < deadline, "nothing says '{words}'");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
