//! How many connections there may be, and how much may be under way on all of them together.
//!
//! What one connection takes is bounded where it is taken: a head in `stream`, a body in `body`, an answer by the use
//! case. Here the sum is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use futures_util::task::AtomicWaker;
use miniter_domain::Subscriber;
use prometheus::core::Collector;
use prometheus::{IntCounter, IntGauge, Opts};

use crate::http::address::TrustedProxies;

/// Which part of all connections one subscriber may have. A page takes six of a browser.
const SHARE_OF_CONNECTIONS: usize = 8;

/// What is no larger is not counted. The number of connections bounds it, and it is served when the rest is refused.
pub(crate) const SMALL: usize = 16 << 10;

/// How many bytes of larger bodies and answers may be under way at once. The largest page of a timeline is 1.8 MiB, and the
/// buffer that it is written into grows to up to twice that.
const MAX_BYTES: usize = 24 << 20;

/// How many of those may be for one subscriber.
const MAX_BYTES_FOR_ONE: usize = MAX_BYTES / 4;

/// In place of the moment since which a connection is idle.
const BUSY: u64 = u64::MAX;

/// The connections of a server, shared by all workers.
pub struct Connections {
    most: usize,
    /// Of one subscriber, unless that is a proxy that others are behind.
    most_of_one: Option<usize>,
    trusted_proxies: TrustedProxies,
    began: Instant,
    register: Mutex<Register>,
    bytes: AtomicUsize,
    open: IntGauge,
    bytes_gauge: IntGauge,
    refused: IntCounter,
    closed_idle: IntCounter,
    closed_stalled: IntCounter,
}

#[derive(Default)]
struct Register {
    next: u64,
    seats: HashMap<u64, Arc<Seat>>,
    subscribers: HashMap<Subscriber, Arc<Share>>,
}

/// What one subscriber has of the whole.
#[derive(Default)]
struct Share {
    connections: AtomicUsize,
    bytes: AtomicUsize,
}

/// A connection that counts.
struct Seat {
    number: u64,
    subscriber: Option<(Subscriber, Arc<Share>)>,
    /// In microseconds since the server began, or [`BUSY`].
    idle_since: AtomicU64,
    is_given_away: AtomicBool,
    reader: AtomicWaker,
}

/// The place of a connection among all. It is given back when this is dropped.
pub(crate) struct Place {
    seat: Arc<Seat>,
    connections: Arc<Connections>,
}

/// There are too many connections, and all of them are busy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// So many bytes that are under way. They are given back when this is dropped.
pub(crate) struct Reservation {
    length: usize,
    seat: Arc<Seat>,
    connections: Arc<Connections>,
}

impl Connections {
    /// For so many connections. Where subscribers are limited, each gets a part of them, unless it is one of these proxies.
    ///
    /// # Errors
    /// If a counter cannot be made, which no input causes.
    pub fn new(
        most: usize,
        limits_subscribers: bool,
        trusted_proxies: TrustedProxies,
    ) -> Result<Self, prometheus::Error> {
        let closed = |reason| {
            let opts = Opts::new(
                "miniter_http_connections_closed_total",
                "Connections that were closed to make room (idle), or because the client did not take its answer (stalled).",
            );
            IntCounter::with_opts(opts.const_label("reason", reason))
        };
        Ok(Self {
            most,
            most_of_one: limits_subscribers.then_some((most / SHARE_OF_CONNECTIONS).max(1)),
            trusted_proxies,
            began: Instant::now(),
            register: Mutex::default(),
            bytes: AtomicUsize::new(0),
            open: IntGauge::new("miniter_http_connections", "Connections of clients that are open.")?,
            bytes_gauge: IntGauge::new(
                "miniter_http_bytes",
                "Bytes of larger bodies and answers that are under way.",
            )?,
            refused: IntCounter::new(
                "miniter_http_connections_refused_total",
                "Connections that were refused, as all others were busy.",
            )?,
            closed_idle: closed("idle")?,
            closed_stalled: closed("stalled")?,
        })
    }

    /// How many there may be.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Gives a new connection a place: one that is free, or that of the connection which has been idle longest.
    ///
    /// # Errors
    /// [`Full`] if there is none.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Full> {
        let peer = peer.to_canonical();
        let limited = self.most_of_one.filter(|_| !self.trusted_proxies.trusts(peer));
        let mut register = self.lock();
        let subscriber = limited.map(|most| {
            let address = Subscriber::of(peer);
            (address, register.subscribers.get(&address).cloned().unwrap_or_default(), most)
        });
        // Only here, under the lock, are connections counted.
        let own = subscriber.as_ref().filter(|(_, of, most)| of.connections.load(Ordering::Relaxed) >= *most);
        if own.is_some() || register.seats.len() >= self.most {
            let own = own.map(|(address, ..)| *address);
            let Some(idle) = register.longest_idle(own) else {
                self.refused.inc();
                return Err(Full);
            };
            idle.is_given_away.store(true, Ordering::Release);
            idle.reader.wake();
            self.closed_idle.inc();
            register.remove(&idle);
        }
        register.next += 1;
        let subscriber = subscriber.map(|(address, of, _)| {
            of.connections.fetch_add(1, Ordering::Relaxed);
            register.subscribers.insert(address, Arc::clone(&of));
            (address, of)
        });
        let seat = Arc::new(Seat {
            number: register.next,
            subscriber,
            idle_since: AtomicU64::new(self.now()),
            is_given_away: AtomicBool::new(false),
            reader: AtomicWaker::new(),
        });
        register.seats.insert(seat.number, Arc::clone(&seat));
        drop(register);
        self.open.inc();
        Ok(Place { seat, connections: Arc::clone(self) })
    }

    /// What it counts.
    pub(crate) fn collectors(&self) -> [Box<dyn Collector>; 5] {
        [
            Box::new(self.open.clone()),
            Box::new(self.bytes_gauge.clone()),
            Box::new(self.refused.clone()),
            Box::new(self.closed_idle.clone()),
            Box::new(self.closed_stalled.clone()),
        ]
    }

    fn lock(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In microseconds since it began.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(BUSY - 1)
    }
}

impl Register {
    /// The connection that has been idle longest: of that subscriber, or of all.
    fn longest_idle(&self, of: Option<Subscriber>) -> Option<Arc<Seat>> {
        self.seats
            .values()
            .filter(|seat| of.is_none() || of == seat.subscriber.as_ref().map(|(address, _)| *address))
            .map(|seat| (seat.idle_since.load(Ordering::Acquire), seat))
            .filter(|(since, _)| *since != BUSY)
            .min_by_key(|(since, seat)| (*since, seat.number))
            .map(|(_, seat)| Arc::clone(seat))
    }

    fn remove(&mut self, seat: &Seat) {
        if self.seats.remove(&seat.number).is_some()
            && let Some((address, of)) = &seat.subscriber
            && of.connections.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.subscribers.remove(address);
        }
    }
}

impl Place {
    /// Says that a request is under way, or that what has been answered is not yet taken.
    pub(crate) fn work(&self) {
        self.seat.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// Says that nothing is. Returns whether the place has been given away before.
    pub(crate) fn rest(&self, waker: &Waker) -> bool {
        // First of all it must be possible to wake it.
        let is_given_away = self.is_given_away_or_wakes(waker);
        self.seat.idle_since.store(self.connections.now(), Ordering::Release);
        is_given_away
    }

    /// Whether the place has been given to another connection.
    pub(crate) fn is_given_away(&self) -> bool {
        self.seat.is_given_away.load(Ordering::Acquire)
    }

    /// The same. If not, the waker is woken when it is.
    pub(crate) fn is_given_away_or_wakes(&self, waker: &Waker) -> bool {
        self.seat.reader.register(waker);
        self.is_given_away()
    }

    /// Counts a connection that is closed because the client does not take its answer.
    pub(crate) fn count_stalled(&self) {
        self.connections.closed_stalled.inc();
    }

    /// Reserves bytes of a body or of an answer; small ones need no reservation.
    ///
    /// # Errors
    /// [`Full`] if too many are under way. One alone may be of any size.
    pub(crate) fn reserve(&self, length: usize) -> Result<Option<Reservation>, Full> {
        if length <= SMALL {
            return Ok(None);
        }
        let of_all = take(&self.connections.bytes, length, MAX_BYTES);
        if let Some((_, subscriber)) = &self.seat.subscriber
            && of_all
            && !take(&subscriber.bytes, length, MAX_BYTES_FOR_ONE)
        {
            self.connections.bytes.fetch_sub(length, Ordering::Relaxed);
            return Err(Full);
        }
        if !of_all {
            return Err(Full);
        }
        self.connections.bytes_gauge.add(length.try_into().unwrap_or(i64::MAX));
        let (seat, connections) = (Arc::clone(&self.seat), Arc::clone(&self.connections));
        Ok(Some(Reservation { length, seat, connections }))
    }
}

fn take(from: &AtomicUsize, length: usize, most: usize) -> bool {
    let before = from.fetch_add(length, Ordering::Relaxed);
    let is_taken = before == 0 || before + length <= most;
    if !is_taken {
        from.fetch_sub(length, Ordering::Relaxed);
    }
    is_taken
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.connections.bytes.fetch_sub(self.length, Ordering::Relaxed);
        if let Some((_, subscriber)) = &self.seat.subscriber {
            subscriber.bytes.fetch_sub(self.length, Ordering::Relaxed);
        }
        self.connections.bytes_gauge.sub(self.length.try_into().unwrap_or(i64::MAX));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.seat);
        self.connections.open.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(most: usize) -> Arc<Connections> {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap()]);
        Arc::new(Connections::new(most, true, proxies).unwrap())
    }

    fn admit(connections: &Arc<Connections>, peer: &str) -> Result<Place, Full> {
        connections.admit(peer.parse().unwrap())
    }

    #[test]
    fn the_longest_idle_gives_way_and_one_that_is_busy_does_not() {
        let connections = connections(3);
        let places: Vec<_> = (1..=3).map(|i| admit(&connections, &format!("10.0.0.{i}")).unwrap()).collect();
        places[0].work();
        let fourth = admit(&connections, "10.0.0.4").unwrap();
        assert_eq!(places.iter().map(Place::is_given_away).collect::<Vec<_>>(), [false, true, false]);
        fourth.work();
        places[2].work();
        assert_eq!(admit(&connections, "10.0.0.5").err(), Some(Full));
        assert!(!places[0].rest(Waker::noop()));
        drop(admit(&connections, "10.0.0.6").unwrap());
        assert!(places[0].is_given_away() && !fourth.is_given_away());
        // Those that have given way do not count when they end, or twice.
        drop(places);
        assert_eq!(connections.lock().seats.len(), 1);
        drop(fourth);
        assert_eq!((connections.lock().seats.len(), connections.open.get()), (0, 0));
    }

    #[test]
    fn a_subscriber_has_a_part_and_makes_room_for_itself_alone() {
        let connections = connections(16);
        let other = admit(&connections, "192.0.2.7").unwrap();
        let first = admit(&connections, "2001:db8::1").unwrap();
        let second = admit(&connections, "2001:db8::2").unwrap();
        let third = admit(&connections, "2001:db8::3").unwrap();
        assert_eq!([&other, &first, &second, &third].map(Place::is_given_away), [false, true, false, false]);
        second.work();
        third.work();
        assert_eq!(admit(&connections, "2001:db8::4").err(), Some(Full));
        assert!(admit(&connections, "2001:db8:0:1::4").is_ok(), "another network");
        drop(second);
        assert!(admit(&connections, "2001:db8::4").is_ok());
        // Behind a proxy are many.
        let behind: Vec<_> = (0..8).map(|_| admit(&connections, "::ffff:10.0.0.1").unwrap()).collect();
        assert!(!behind.iter().any(Place::is_given_away));
        drop((other, first, third, behind));
        assert!(connections.lock().subscribers.is_empty());
    }

    #[test]
    fn bytes_are_reserved_up_to_a_bound_for_one_and_for_all_and_given_back() {
        let connections = connections(1_000);
        let one = admit(&connections, "192.0.2.1").unwrap();
        assert!(one.reserve(SMALL).unwrap().is_none());
        let half = one.reserve(MAX_BYTES_FOR_ONE / 2).unwrap().unwrap();
        let rest = one.reserve(MAX_BYTES_FOR_ONE / 2).unwrap().unwrap();
        assert!(one.reserve(SMALL + 1).is_err());
        assert!(one.reserve(SMALL).is_ok());
        let others: Vec<_> = (2..=4).map(|i| admit(&connections, &format!("192.0.2.{i}")).unwrap()).collect();
        let held: Vec<_> = others.iter().map(|other| other.reserve(MAX_BYTES_FOR_ONE).unwrap()).collect();
        let last = admit(&connections, "10.0.0.1").unwrap();
        assert!(last.reserve(SMALL + 1).is_err());
        drop(half);
        assert!(last.reserve(SMALL + 1).is_ok());
        drop((rest, held));
        assert_eq!((connections.bytes.load(Ordering::Relaxed), connections.bytes_gauge.get()), (0, 0));
        // One alone may be larger than what is for all: else it could never be sent.
        assert!(one.reserve(2 * MAX_BYTES).unwrap().is_some());
    }
}
