//! A report as one page: text, tables and pictures, with nothing from elsewhere and no script.

use std::fmt::Write;

use super::report::{Did, Report};

/// The size of a picture, in its own units.
const SIZE: (f64, f64) = (640.0, 180.0);

/// The space for the names at its left and below.
const EDGE: (f64, f64) = (56.0, 22.0);

/// The space at its right, for half of the last name.
const RIGHT: f64 = 18.0;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;\
padding:0 1rem;color:#1a1a1a;background:#fff}table{border-collapse:collapse;margin:1rem 0}\
td,th{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid #ddd}\
td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}\
.line{fill:none;stroke-width:2}.a{stroke:#0b57d0}.b{stroke:#b3261e}.axis{stroke:#999}\
text{font:11px system-ui,sans-serif;fill:#555}.kept{color:#14652a}.broken{color:#b3261e;font-weight:600}\
@media(prefers-color-scheme:dark){body{color:#e3e3e3;background:#131314}td,th{border-color:#444}\
.a{stroke:#8ab4f8}.b{stroke:#f2b8b5}text{fill:#aaa}.kept{color:#81c995}.broken{color:#f2b8b5}}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A number as short as it can be read.
fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 || v == v.trunc() => format!("{value:.0}"),
        v if v >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// A picture of some lines over one axis.
struct Picture<'a> {
    title: &'a str,
    unit: &'a str,
    /// Each line's class, and its points.
    lines: Vec<(&'a str, Vec<(f64, f64)>)>,
    /// What stands below, by place.
    below: Vec<(f64, String)>,
}

impl Picture<'_> {
    fn draw(&self) -> String {
        let points = || self.lines.iter().flat_map(|(_, points)| points);
        let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0_f64, f64::max);
        let (wide, high) = (most(|p| p.0).max(1e-9), most(|p| p.1).max(1e-9));
        let (width, height) = (SIZE.0 - EDGE.0 - RIGHT, SIZE.1 - EDGE.1 - 18.0);
        let x = |value: f64| EDGE.0 + value / wide * width;
        let y = |value: f64| 18.0 + height - value / high * height;
        let (title, bottom) = (escaped(self.title), y(0.0));
        let mut svg = format!(
            "<figure><svg viewBox='0 0 {} {}' role='img' aria-label='{title}'>\
             <text x='0' y='11'>{title}</text>\
             <line class='axis' x1='{}' y1='{bottom:.1}' x2='{}' y2='{bottom:.1}'/>\
             <text x='0' y='{bottom:.1}'>0</text><text x='0' y='28'>{} {}</text>",
            SIZE.0,
            SIZE.1,
            EDGE.0,
            SIZE.0,
            short(high),
            escaped(self.unit),
        );
        for (class, points) in &self.lines {
            let path: Vec<String> =
                points.iter().map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b))).collect();
            let _ = write!(svg, "<polyline class='line {class}' points='{}'/>", path.join(" "));
        }
        for (place, name) in &self.below {
            let (at, name) = (x(*place), escaped(name));
            let _ = write!(
                svg,
                "<text x='{at:.1}' y='{}' text-anchor='middle'>{name}</text>",
                SIZE.1 - 6.0
            );
        }
        svg + "</svg></figure>"
    }
}

/// Names of seconds below a picture, at most nine.
fn seconds(last: f64) -> Vec<(f64, String)> {
    let step = (last / 8.0).ceil().max(1.0);
    (0..=8)
        .map(|n| f64::from(n) * step)
        .filter(|at| *at <= last)
        .map(|at| (at, format!("{at:.0} s")))
        .collect()
}

fn of_a_thing(did: &Did) -> String {
    let at = |pick: fn(&(u64, u64, f64)) -> f64| -> Vec<(f64, f64)> {
        did.seconds.iter().enumerate().map(|(n, second)| (n as f64, pick(second))).collect()
    };
    let mut page = format!("<h2>{}</h2>", escaped(&did.what));
    let last = did.seconds.len().saturating_sub(1) as f64;
    if did.seconds.len() > 1 {
        page += &Picture {
            title: "done a second (blue), refused or unanswered (red)",
            unit: "/s",
            lines: vec![("a", at(|s| s.0 as f64)), ("b", at(|s| s.1 as f64))],
            below: seconds(last),
        }
        .draw();
        page += &Picture {
            title: "the slowest of each second",
            unit: "ms",
            lines: vec![("b", at(|s| s.2))],
            below: seconds(last),
        }
        .draw();
    }
    let places = did.times_ms.iter().enumerate();
    let curve = places.clone().map(|(n, (_, ms))| (n as f64, *ms)).collect();
    page += &Picture {
        title: "how many of a hundred took at most how long",
        unit: "ms",
        lines: vec![("a", curve)],
        below: places.map(|(n, (part, _))| (n as f64, format!("{part}"))).collect(),
    }
    .draw();
    for (code, count) in &did.refused {
        let _ = write!(page, "<p>Refused with <code>{}</code>: {count}</p>", escaped(code));
    }
    page
}

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let name = escaped(&report.scenario);
    let mut page = format!(
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Load test {name}</title>\
         <meta name='viewport' content='width=device-width'><style>{STYLE}</style>\
         <h1>{name}</h1><p>{}; seed {}; {}</p><h2>Promises</h2><ul>",
        report.at,
        report.seed,
        escaped(&report.machine),
    );
    for promise in &report.promises {
        let (class, word) = if promise.kept { ("kept", "kept") } else { ("broken", "broken") };
        let (what, found) = (escaped(promise.promise), escaped(&promise.found));
        let _ = write!(page, "<li><span class='{class}'>{word}</span>: {what} ({found})</li>");
    }
    for missed in &report.missed {
        let figure = escaped(&missed.figure);
        let was = missed.was.map_or("not measured here".to_owned(), short);
        let most = short(missed.most);
        let _ = write!(
            page,
            "<li><span class='broken'>missed</span>: {figure} is {was}, at most {most}</li>"
        );
    }
    page += "</ul>";
    report.did.iter().for_each(|did| page += &of_a_thing(did));
    for (title, unit, points) in [
        ("processors that the server keeps busy", "", &report.cores),
        ("memory of the server", "MiB", &report.memory_mib),
    ] {
        if let Some((last, _)) = points.last() {
            let (lines, below) = (vec![("a", points.clone())], seconds(*last));
            page += &Picture { title, unit, lines, below }.draw();
        }
    }
    page += "<h2>Figures</h2><table><tr><th>figure</th><th>value</th></tr>";
    for (name, value) in &report.figures {
        let _ = write!(page, "<tr><td>{}</td><td>{}</td></tr>", escaped(name), short(*value));
    }
    page + "</table></html>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::report::Checked;

    #[test]
    fn a_page_has_its_pictures_in_it_and_nothing_from_elsewhere() {
        let did = Did {
            what: "vote".into(),
            refused: std::collections::BTreeMap::from([("a<b".to_owned(), 2)]),
            seconds: vec![(1, 0, 2.0), (3, 1, 9.0)],
            times_ms: vec![(50.0, 1.0), (99.0, 8.0)],
        };
        let broken = Checked { promise: "all is well", kept: false, found: "it is <not>".into() };
        let report = Report {
            scenario: "x & y".into(),
            seed: 7,
            at: String::new(),
            machine: String::new(),
            figures: [("vote.p99_ms".to_owned(), 8.0)].into(),
            promises: vec![broken],
            missed: Vec::new(),
            did: vec![did],
            cores: vec![(0.5, 0.4), (1.0, 0.7)],
            memory_mib: Vec::new(),
        };
        assert!(!report.is_good());
        let page = page(&report);
        assert_eq!(page.matches("<svg").count(), 4);
        assert!(page.contains("it is &lt;not&gt;") && page.contains("x &amp; y"));
        assert!(!page.contains("http") && !page.contains("<script"), "nothing from elsewhere");
    }
}
