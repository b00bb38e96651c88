//! The largest matching in a graph: pairs, no one in two of them, as many as can be. By augmenting paths with
//! odd circles taken for one point (Edmonds, "Paths, trees, and flowers", 1965), which grows a matching that is
//! there already: whoever is matched stays matched, though perhaps with another.

use std::collections::VecDeque;

/// A search from one point that is matched with none.
struct Search<'a, L> {
    legal: &'a L,
    mate: &'a mut [Option<usize>],
    /// From which point each was reached.
    parent: Vec<Option<usize>>,
    /// What each point is taken for: itself, or the point at which its odd circle hangs.
    base: Vec<usize>,
    /// At an even distance from the root.
    even: Vec<bool>,
    queue: VecDeque<usize>,
}

/// Grows `mate` until it is as large as it can be among `points`. Two points may be matched where `legal` says
/// so, which does not depend on their order; earlier points are tried first.
pub(super) fn grow(
    points: &[usize],
    mate: &mut [Option<usize>],
    legal: &impl Fn(usize, usize) -> bool,
) {
    for root in points {
        if mate[*root].is_none() {
            Search::new(mate, legal).from(*root, points);
        }
    }
}

impl<'a, L: Fn(usize, usize) -> bool> Search<'a, L> {
    fn new(mate: &'a mut [Option<usize>], legal: &'a L) -> Self {
        let n = mate.len();
        Self {
            legal,
            mate,
            parent: vec![None; n],
            base: (0..n).collect(),
            even: vec![false; n],
            queue: VecDeque::new(),
        }
    }

    /// Finds a way from `root` to another free point, and turns it over.
    fn from(mut self, root: usize, points: &[usize]) {
        self.even[root] = true;
        self.queue.push_back(root);
        while let Some(at) = self.queue.pop_front() {
            for to in points.iter().copied() {
                if let Some(end) = self.look(root, at, to, points) {
                    return self.turn(end);
                }
            }
        }
    }

    /// Looks along one edge. The end of the way, if this is it.
    fn look(&mut self, root: usize, at: usize, to: usize, points: &[usize]) -> Option<usize> {
        let known = self.base[at] == self.base[to] || self.mate[at] == Some(to);
        if at == to || known || !(self.legal)(at, to) {
            return None;
        }
        let is_even = to == root || self.mate[to].is_some_and(|mate| self.parent[mate].is_some());
        if is_even {
            self.shrink(at, to, points);
        } else if self.parent[to].is_none() {
            self.parent[to] = Some(at);
            match self.mate[to] {
                None => return Some(to),
                Some(mate) => {
                    self.even[mate] = true;
                    self.queue.push_back(mate);
                }
            }
        }
        None
    }

    /// Takes the odd circle that `a` and `b` close for one point.
    fn shrink(&mut self, a: usize, b: usize, points: &[usize]) {
        let top = self.common(a, b);
        let mut within = vec![false; self.mate.len()];
        self.mark(a, top, b, &mut within);
        self.mark(b, top, a, &mut within);
        for point in
            points.iter().copied().filter(|point| within[self.base[*point]]).collect::<Vec<_>>()
        {
            self.base[point] = top;
            if !self.even[point] {
                self.even[point] = true;
                self.queue.push_back(point);
            }
        }
    }

    /// Where the ways from `a` and from `b` to the root meet.
    fn common(&self, mut a: usize, mut b: usize) -> usize {
        let mut passed = vec![false; self.mate.len()];
        loop {
            a = self.base[a];
            passed[a] = true;
            let Some(mate) = self.mate[a] else { break };
            let Some(parent) = self.parent[mate] else { break };
            a = parent;
        }
        loop {
            b = self.base[b];
            if passed[b] {
                return b;
            }
            let up = self.mate[b].and_then(|mate| self.parent[mate]);
            b = up.expect("the root is passed by every way");
        }
    }

    fn mark(&mut self, mut at: usize, top: usize, mut child: usize, within: &mut [bool]) {
        while self.base[at] != top {
            let mate = self.mate[at].expect("all but the root of a way are matched");
            within[self.base[at]] = true;
            within[self.base[mate]] = true;
            self.parent[at] = Some(child);
            child = mate;
            at = self.parent[mate].expect("a way leads to its root");
        }
    }

    /// Matches along the way to `end` what was not matched, and the other way round.
    fn turn(&mut self, end: usize) {
        let mut at = Some(end);
        while let Some(here) = at {
            let before = self.parent[here].expect("a way leads to its root");
            let next = self.mate[before];
            self.mate[here] = Some(before);
            self.mate[before] = Some(here);
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The most pairs, found by trying everything.
    fn most(left: &[usize], edges: &[Vec<bool>]) -> usize {
        let Some((first, rest)) = left.split_first() else { return 0 };
        let without = most(rest, edges);
        let with = rest.iter().filter(|other| edges[*first][**other]).map(|other| {
            let left: Vec<usize> = rest.iter().copied().filter(|one| one != other).collect();
            1 + most(&left, edges)
        });
        with.max().unwrap_or(0).max(without)
    }

    proptest! {
        #[test]
        fn as_many_are_matched_as_can_be(n in 1..10_usize, chance in prop::collection::vec(0..100_u8, 100), density in 10..90_u8) {
            let mut edges = vec![vec![false; n]; n];
            for a in 0..n {
                for b in 0..a {
                    let edge = chance[a * 10 + b] < density;
                    (edges[a][b], edges[b][a]) = (edge, edge);
                }
            }
            let points: Vec<usize> = (0..n).collect();
            let mut mate = vec![None; n];
            grow(&points, &mut mate, &|a, b| edges[a][b]);
            for (a, b) in mate.iter().enumerate().filter_map(|(a, b)| Some((a, (*b)?))) {
                prop_assert!(edges[a][b] && mate[b] == Some(a));
            }
            let pairs = mate.iter().flatten().count() / 2;
            prop_assert_eq!(pairs, most(&points, &edges));
        }
    }
}
