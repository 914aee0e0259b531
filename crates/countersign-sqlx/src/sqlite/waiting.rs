use std::{collections::VecDeque, sync::PoisonError};
#[cfg(not(test))]
use std::{
    sync::{Mutex, MutexGuard},
    thread::{self, Thread},
};

/// The same, but the schedule tests decide who has the next turn.
#[cfg(test)]
use shuttle::{
    sync::{Mutex, MutexGuard},
    thread::{self, Thread},
};
use tokio::sync::Semaphore;

/// What waits for one of several threads, and the threads that wait for it.
///
/// One thread is woken at a time, and of those that rest the one that worked last: what it needs is still at hand, in its
/// connection and in the processor's caches. It wakes the next if it finds more than it takes.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    state: Mutex<State<T>>,
    /// One permit for each thing more that may wait.
    room: Semaphore,
}

#[derive(Debug)]
struct State<T> {
    things: VecDeque<T>,
    resting: Vec<Thread>,
    /// Whether one that rested has been woken and is on its way.
    coming: bool,
    closed: bool,
}

impl<T> State<T> {
    /// Who is to be woken for what waits, if anybody.
    fn call(&mut self) -> Option<Thread> {
        if self.things.is_empty() || self.coming {
            return None;
        }
        let thread = self.resting.pop()?;
        self.coming = true;
        Some(thread)
    }
}

impl<T> Waiting<T> {
    /// Room for so many.
    pub(super) fn new(room: usize) -> Self {
        let state = State { things: VecDeque::new(), resting: Vec::new(), coming: false, closed: false };
        Self { state: Mutex::new(state), room: Semaphore::new(room.min(Semaphore::MAX_PERMITS)) }
    }

    /// Puts it behind the others, once there is room. False if nobody will come for it any more.
    pub(super) async fn put(&self, thing: T) -> bool {
        let Ok(place) = self.room.acquire().await else { return false };
        let mut state = self.state();
        if state.closed {
            return false;
        }
        place.forget();
        state.things.push_back(thing);
        let called = state.call();
        drop(state);
        wake(called);
        true
    }

    /// The first of them, waiting for it; `None` once it is closed and empty.
    pub(super) fn next(&self) -> Option<T> {
        let mut state = self.state();
        loop {
            if let Some(thing) = state.things.pop_front() {
                let called = state.call();
                drop(state);
                wake(called);
                self.room.add_permits(1);
                return Some(thing);
            }
            if state.closed {
                return None;
            }
            let this = thread::current();
            state.resting.push(this.clone());
            drop(state);
            thread::park();
            state = self.state();
            match state.resting.iter().position(|resting| resting.id() == this.id()) {
                // Woken by nobody here.
                Some(place) => drop(state.resting.remove(place)),
                None => state.coming = false,
            }
        }
    }

    /// Takes no more; what waits is still handed out.
    pub(super) fn close(&self) {
        self.room.close();
        let mut state = self.state();
        state.closed = true;
        let resting = std::mem::take(&mut state.resting);
        drop(state);
        resting.iter().for_each(Thread::unpark);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the lock, which it will want first of all.
fn wake(called: Option<Thread>) {
    if let Some(thread) = called {
        thread.unpark();
    }
}

/// Schedules of callers and threads, drawn at random.
#[cfg(test)]
mod tests {
    use std::{
        pin::{Pin, pin},
        sync::Arc,
        task::{Context, Poll, Waker},
    };

    use shuttle::{future::block_on, sync::mpsc::channel};

    use super::*;

    /// Whatever the schedule, and whoever else wakes a thread: none rests while something waits, which shuttle would call a
    /// deadlock; what was taken in is handed out once; and after the end nothing is taken in.
    fn race() {
        let waiting = Arc::new(Waiting::new(8));
        let (hand_out, handed_out) = channel();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (waiting, hand_out) = (Arc::clone(&waiting), hand_out.clone());
                thread::spawn(move || std::iter::from_fn(|| waiting.next()).for_each(|n| hand_out.send(n).unwrap()))
            })
            .collect();
        let callers: Vec<_> = (0..3)
            .map(|caller| {
                let waiting = Arc::clone(&waiting);
                thread::spawn(move || (0..2).for_each(|n| assert!(block_on(waiting.put(2 * caller + n)))))
            })
            .collect();
        threads.iter().for_each(|thread| thread.thread().unpark());
        let mut found: Vec<i32> = (0..6).map(|_| handed_out.recv().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2, 3, 4, 5]);
        callers.into_iter().for_each(|caller| caller.join().unwrap());
        waiting.close();
        assert!(!block_on(waiting.put(6)));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(handed_out.try_recv().is_err());
    }

    #[test]
    fn every_schedule_hands_out_each_thing_once() {
        shuttle::check_random(race, 1000);
        shuttle::check_pct(race, 1000, 3);
    }

    #[test]
    fn a_full_one_holds_back_until_there_is_room() {
        let poll = |future: Pin<&mut dyn Future<Output = bool>>| future.poll(&mut Context::from_waker(Waker::noop()));
        let fill = move || {
            let waiting = Waiting::new(1);
            assert!(block_on(waiting.put(1)));
            let mut second = pin!(waiting.put(2));
            assert_eq!(poll(second.as_mut()), Poll::Pending);
            assert_eq!(waiting.next(), Some(1));
            assert_eq!(poll(second), Poll::Ready(true));
        };
        shuttle::check_random(fill, 1);
    }
}
