//! One's own avatar in the arena, played ahead of the server by the same rules.

use std::collections::VecDeque;

use playhouse_domain::games::arena::avatar::Body;
use playhouse_domain::games::arena::ground::Map;
use playhouse_domain::games::arena::own::Own;
use playhouse_protocol::game::{ClientPeer, Input, Prediction, Reconciled};
use playhouse_protocol::limits::RING_TICKS;

/// One's own avatar as it is predicted.
pub struct Avatar {
    map: Map,
    seat: u16,
    prediction: Option<Prediction<Own>>,
    /// Which life it is.
    generation: u8,
    /// The newest inputs with their ticks, for when a life begins while some are on their way.
    inputs: VecDeque<(u32, Input)>,
    compared: u64,
    corrected: u64,
}

impl Avatar {
    /// The avatar of `seat`, of which nothing is known yet.
    #[must_use]
    pub fn new(map: Map, seat: u16) -> Self {
        let inputs = VecDeque::with_capacity(RING_TICKS);
        let (prediction, generation) = (None, 0);
        Self { map, seat, prediction, generation, inputs, compared: 0, corrected: 0 }
    }

    /// Where it is after the newest input; none if it is dead.
    #[must_use]
    pub fn body(&self) -> Option<&Body> {
        self.prediction.as_ref().map(|prediction| prediction.state().body())
    }

    /// Which life it is.
    #[must_use]
    pub fn generation(&self) -> u8 {
        self.generation
    }

    /// How many states of the server were compared with what was predicted, and how many of them differed.
    #[must_use]
    pub fn figures(&self) -> (u64, u64) {
        (self.compared, self.corrected)
    }

    /// Forgets everything: the match goes on from somewhere else.
    pub fn restart(&mut self) {
        self.prediction = None;
        self.inputs.clear();
    }

    /// Plays the input of `tick`.
    pub fn push(&mut self, tick: u32, input: Input) {
        if self.inputs.len() == RING_TICKS {
            self.inputs.pop_front();
        }
        self.inputs.push_back((tick, input));
        if let Some(prediction) = &mut self.prediction {
            prediction.advance(tick, input);
        }
    }

    /// Takes in the newest state, which is that of `tick`.
    pub fn see(&mut self, peer: &ClientPeer, tick: u32) {
        if !peer.knows(tick, self.seat) {
            return;
        }
        let entity = peer.state(tick).and_then(|state| state.get(self.seat));
        let own = entity.and_then(|entity| Some((entity.generation, Own::of(self.map, entity)?)));
        let Some((generation, own)) = own else {
            self.prediction = None;
            return;
        };
        match &mut self.prediction {
            Some(prediction) if self.generation == generation => {
                match prediction.reconcile(tick, own) {
                    Reconciled::Agreed => self.compared += 1,
                    Reconciled::Corrected => {
                        self.compared += 1;
                        self.corrected += 1;
                    }
                    Reconciled::Started => self.start(tick, own),
                }
            }
            _ => self.start(tick, own),
        }
        self.generation = generation;
    }

    /// Predicts from `own` after `tick` on, with the inputs that are on their way.
    fn start(&mut self, tick: u32, own: Own) {
        let mut prediction = Prediction::new(tick, own);
        for (at, input) in self.inputs.iter().filter(|(at, _)| *at > tick) {
            prediction.advance(*at, *input);
        }
        self.prediction = Some(prediction);
    }
}
