//! Messages in any order: each gets the replies that the protocol has for it, an error silences
//! what follows up to the next `Sync`, and the state of the transaction is told as it is.

use super::client::{Client, Reply, port, text};
use super::serve;
use crate::server_process::{TestDir, event};

/// SplitMix64: a failing run is repeated by its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

const NAMES: [&str; 3] = ["", "a", "b"];
const STATEMENTS: [&str; 16] = [
    "select 1 as one",
    "select * from range(5)",
    "select id from contacts",
    "select $1::int as given",
    "",
    "begin",
    "begin",
    "commit",
    "rollback",
    "show server_version",
    "set application_name = 'x'",
    "select nope from contacts",
    "drop table events",
    "select 'open",
    "deallocate all",
    "select 1; select 2",
];

/// One message: its kind, what it holds, and what may be answered where it succeeds.
struct Asked {
    kind: u8,
    body: Vec<u8>,
    answered: fn(&str) -> bool,
    rows_max: usize,
}

fn any_message(dice: &mut Dice) -> Asked {
    let asked = |kind, body: Vec<u8>, answered| Asked { kind, body, answered, rows_max: 0 };
    let (name, other) = (dice.of(&NAMES), dice.of(&NAMES));
    match dice.below(12) {
        0..=2 => {
            let body = [&text(name)[..], &text(dice.of(&STATEMENTS)), &[0, 0]].concat();
            asked(b'P', body, |kinds| kinds == "1")
        }
        3..=5 => {
            let values: &[u8] = dice.of(&[&[0, 0, 0, 0, 0, 0][..], &[0, 0, 0, 1, 0, 0, 0, 1, b'7', 0, 0]]);
            asked(b'B', [&text(name)[..], &text(other), values].concat(), |kinds| kinds == "2")
        }
        6 => asked(b'D', [&b"S"[..], &text(name)].concat(), |kinds| ["tT", "tn"].contains(&kinds)),
        7 => asked(b'D', [&b"P"[..], &text(name)].concat(), |kinds| ["T", "n"].contains(&kinds)),
        8..=9 => {
            let rows_max = dice.below(3);
            let body = [&text(name)[..], &(rows_max as u32).to_be_bytes()].concat();
            let answered = |kinds: &str| {
                // `set` tells the new value, too.
                let end = kinds.trim_start_matches('D').trim_end_matches('S');
                ["C", "s", "I"].contains(&end)
            };
            Asked { kind: b'E', body, answered, rows_max }
        }
        10 => asked(b'C', [dice.of(&[&b"S"[..], b"P"]), &text(name)[..]].concat(), |kinds| kinds == "3"),
        _ => asked(b'H', Vec::new(), str::is_empty),
    }
}

/// The state that a transaction is in after these replies.
fn after(status: u8, replies: &[Reply]) -> u8 {
    replies.iter().fold(status, |status, Reply(kind, body)| match (kind, &body[..]) {
        (b'C', b"BEGIN\0") if status == b'I' => b'T',
        (b'C', b"COMMIT\0" | b"ROLLBACK\0") => b'I',
        (b'E', _) if status == b'T' => b'E',
        _ => status,
    })
}

/// Whether these replies are those to these messages, the first one's first, and nothing else.
fn are_answers(asked: &[Asked], replies: &[Reply]) -> bool {
    let Some((message, others)) = asked.split_first() else { return replies.is_empty() };
    if matches!(replies, [Reply(b'E', _)]) {
        return true;
    }
    // Of the shortest beginning on, since a flush has no answer.
    (0..=replies.len()).any(|count| {
        let (these, rest) = replies.split_at(count);
        let kinds: String = these.iter().map(|reply| char::from(reply.0)).collect();
        let rows = these.iter().filter(|reply| reply.0 == b'D').count();
        let is_within = match (message.rows_max, kinds.ends_with('s')) {
            (0, is_cut) => !is_cut,
            (most, true) => rows == most,
            (most, false) => rows <= most,
        };
        (message.answered)(&kinds) && is_within && are_answers(others, rest)
    })
}

#[test]
fn messages_in_any_order_get_the_replies_of_the_protocol() {
    let dir = TestDir::new();
    let server = serve(&dir, &[]);
    assert_eq!(server.post("/v1/events", event("a")).0, 200);
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let mut client = Client::log_in(port(&server), None);
        let mut status = b'I';
        for round in 0..30 {
            let (replies, is_right) = if dice.below(4) == 0 {
                let replies = client.ask(b'Q', &text(dice.of(&STATEMENTS)));
                let (_, told) = replies.split_last().expect("an end");
                let errors = told.iter().filter(|reply| reply.0 == b'E').count();
                let is_right = errors <= 1 && !told.is_empty() && (errors == 0 || told.last().unwrap().0 == b'E');
                (replies, is_right)
            } else {
                let asked: Vec<Asked> = (0..1 + dice.below(6)).map(|_| any_message(&mut dice)).collect();
                asked.iter().for_each(|message| client.send(message.kind, &message.body));
                let replies = client.ask(b'S', b"");
                let (_, told) = replies.split_last().expect("an end");
                let is_right = are_answers(&asked, told);
                (replies, is_right)
            };
            status = after(status, &replies);
            let told = &replies.last().unwrap().1;
            assert!(is_right && *told == [status], "seed {seed}, round {round}: {replies:?}");
        }
    }
    let mut client = Client::log_in(port(&server), None);
    assert_eq!(client.query("select id from contacts"), ["id", "a"]);
    assert!(server.stop("TERM").success());
}
