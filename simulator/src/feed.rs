//! Many stays as one stream of messages in order of time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::iter::Peekable;

use crate::stay::{Message, Stay};

/// Takes stays in order of admission and opens each when its time comes, so that a large cohort needs the
/// memory of those who are in the ward at once.
pub struct Feed<I: Iterator<Item = Stay>> {
    waiting: Peekable<I>,
    open: BTreeMap<usize, Stay>,
    order: BinaryHeap<Reverse<(i64, usize)>>,
    opened: usize,
}

impl<I: Iterator<Item = Stay>> Feed<I> {
    pub fn new(stays: I) -> Self {
        Self { waiting: stays.peekable(), open: BTreeMap::new(), order: BinaryHeap::new(), opened: 0 }
    }

    fn open_due(&mut self) {
        loop {
            let due = match (self.waiting.peek(), self.order.peek()) {
                (Some(stay), Some(Reverse((at, _)))) => stay.plan.admitted <= *at,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if !due {
                return;
            }
            let stay = self.waiting.next().expect("one was just seen waiting");
            self.order.push(Reverse((stay.plan.admitted, self.opened)));
            self.open.insert(self.opened, stay);
            self.opened += 1;
        }
    }
}

impl<I: Iterator<Item = Stay>> Iterator for Feed<I> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        loop {
            self.open_due();
            let Reverse((expected, number)) = self.order.pop()?;
            let stay = self.open.get_mut(&number).expect("a stay in the order is open");
            match stay.next_at() {
                None => {
                    self.open.remove(&number);
                }
                Some(at) if at > expected => self.order.push(Reverse((at, number))),
                Some(at) => {
                    let message = stay.take();
                    self.order.push(Reverse((at, number)));
                    return message;
                }
            }
        }
    }
}
