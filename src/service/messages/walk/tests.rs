//! A small folder that answers as Graph does, walked while somebody else moves things out of it.

use proptest::prelude::*;

use super::*;

/// A folder; every instant is a second, `None` a draft.
#[derive(Debug, Clone)]
struct Folder {
    messages: Vec<Message>,
    requests: usize,
    /// Whether messages without an instant stand first in ascending order (as in Exchange) or last.
    undated_first: bool,
}

impl Folder {
    fn new(instants: &[Option<i64>], undated_first: bool) -> Self {
        let messages = instants.iter().enumerate().map(|(index, at)| Message {
            id: format!("m{index}"),
            received_at: at.map(UtcInstant::from_epoch),
            is_read: index % 3 == 0,
            ..Message::default()
        });
        Self {
            messages: messages.collect(),
            requests: 0,
            undated_first,
        }
    }

    /// A page: a query as it is now, or the rest of one from a row on (that is what a link is).
    fn answer(&mut self, ask: Ask, last: &mut Option<Ask>) -> Page<Message> {
        self.requests += 1;
        let (query, skip) = match ask {
            Ask::Link(link) => (last.clone().unwrap(), link.parse::<usize>().unwrap()),
            query @ Ask::Query { .. } => (query, 0),
        };
        *last = Some(query.clone());
        let Ask::Query { filter, order, top } = query else {
            unreachable!("only queries are kept")
        };
        let mut fitting: Vec<Message> = self
            .messages
            .iter()
            .filter(|message| filter.as_deref().is_none_or(|filter| fits(message, filter)))
            .cloned()
            .collect();
        let key = |message: &Message| {
            message
                .received_at
                .map_or(if self.undated_first { i64::MIN } else { i64::MAX }, UtcInstant::epoch)
        };
        match order {
            Some("receivedDateTime") => fitting.sort_by_key(key),
            Some(_) => fitting.sort_by_key(|message| std::cmp::Reverse(key(message))),
            None => {}
        }
        let end = skip + top;
        Page {
            next: (fitting.len() > end).then(|| end.to_string()),
            value: fitting.into_iter().skip(skip).take(top).collect(),
            delta: None,
            count: None,
        }
    }
}

fn fits(message: &Message, filter: &str) -> bool {
    filter.split(" and ").all(|term| {
        let words: Vec<&str> = term.split(' ').collect();
        let at = || UtcInstant::from_rfc3339(words[2]).unwrap();
        match (words[0], words[1]) {
            ("receivedDateTime", "ge") => message.received_at.is_some_and(|received| received >= at()),
            ("receivedDateTime", "lt") => message.received_at.is_some_and(|received| received < at()),
            ("isRead", "eq") => !message.is_read,
            ("isDraft", "eq") => message.received_at.is_none(),
            other => panic!("no such filter: {other:?}"),
        }
    })
}

/// Walks to the end; after each page `meanwhile` may change the folder, knowing what came so far.
fn walk(
    folder: &mut Folder,
    query: &MessageQuery,
    page: usize,
    mut meanwhile: impl FnMut(&mut Folder, &[Message]),
) -> Vec<Message> {
    let mut walk = Walk::new(query);
    walk.set_page(page);
    let (mut walked, mut held, mut last) = (Vec::new(), Vec::new(), None);
    while let Some(ask) = walk.ask() {
        held.extend(walk.take(folder.answer(ask, &mut last)));
        if !walk.is_inside() {
            walked.append(&mut held);
            meanwhile(folder, &walked);
        }
        assert!(folder.requests < 10_000, "the walk does not end");
    }
    walked.append(&mut held);
    walked
}

fn expected(folder: &Folder, query: &MessageQuery) -> Vec<String> {
    let fitting = folder.messages.iter().filter(|message| {
        (!query.unread_only || !message.is_read) && query.since.is_none_or(|since| message.received_at >= Some(since))
    });
    let mut ids: Vec<String> = fitting.map(|message| message.id.clone()).collect();
    ids.sort();
    ids
}

fn sorted_ids(messages: &[Message]) -> Vec<String> {
    let mut ids: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
    ids.sort();
    ids
}

fn in_order(messages: &[Message], newest_first: bool) -> bool {
    let instants: Vec<UtcInstant> = messages.iter().filter_map(|message| message.received_at).collect();
    instants.windows(2).all(|pair| {
        if newest_first {
            pair[0] >= pair[1]
        } else {
            pair[0] <= pair[1]
        }
    })
}

proptest! {
    #[test]
    fn each_message_comes_once_and_in_order_whatever_is_moved_away_meanwhile(
        instants in prop::collection::vec(prop::option::weighted(0.95, 0i64..12), 0..120),
        page in 1usize..30,
        newest_first: bool,
        unread_only: bool,
        undated_first: bool,
        since in prop::option::of(0i64..12),
        moving: bool,
    ) {
        let mut folder = Folder::new(&instants, undated_first);
        let query = MessageQuery { newest_first, unread_only, since: since.map(UtcInstant::from_epoch), ..MessageQuery::default() };
        let expected = expected(&folder, &query);
        let walked = walk(&mut folder, &query, page, |folder, walked| {
            if moving {
                folder.messages.retain(|message| walked.iter().all(|moved| moved.id != message.id));
            }
        });
        prop_assert_eq!(sorted_ids(&walked), expected);
        prop_assert!(in_order(&walked, newest_first));
    }

    #[test]
    fn a_limit_gives_the_first_of_them(
        instants in prop::collection::vec((0i64..12).prop_map(Some), 0..60),
        limit in 0u64..70,
        page in 1usize..30,
        newest_first: bool,
    ) {
        let mut folder = Folder::new(&instants, true);
        let query = MessageQuery { limit: Some(limit), newest_first, ..MessageQuery::default() };
        let walked = walk(&mut folder, &query, page, |_, _| {});
        prop_assert_eq!(walked.len(), instants.len().min(usize::try_from(limit).unwrap()));
        prop_assert!(in_order(&walked, newest_first));
    }
}

#[test]
fn the_number_of_requests_is_what_the_pages_need() {
    let dated = |count: i64| (0..count).map(Some).collect::<Vec<_>>();
    let one_second = |count: usize| vec![Some(7); count];
    let query = |limit| MessageQuery {
        limit,
        ..MessageQuery::default()
    };
    let cases = [
        ("empty", vec![], query(None), 1000, 1),
        ("one page", dated(1000), query(None), 1000, 1),
        ("a limit within one page", dated(5000), query(Some(10)), 1000, 1),
        ("a limit of a whole page", dated(5000), query(Some(1000)), 1000, 1),
        ("no limit at all", dated(5000), query(Some(0)), 1000, 0),
        // The second page, and those without an instant.
        ("two pages", dated(1500), query(None), 1000, 3),
        // A page of ten grows to 40, 160 and 640; the last holds all.
        ("a second that a larger page holds", one_second(500), query(None), 10, 5),
    ];
    for (name, instants, query, page, requests) in cases {
        let mut folder = Folder::new(&instants, true);
        walk(&mut folder, &query, page, |_, _| {});
        assert_eq!(folder.requests, requests, "{name}");
    }
}

#[test]
fn a_second_with_more_messages_than_any_page_is_given_out_as_a_whole() {
    let mut folder = Folder::new(&vec![Some(7); 2500], true);
    let mut pages = Vec::new();
    let walked = walk(&mut folder, &MessageQuery::default(), 1000, |folder, walked| {
        pages.push(walked.len());
        folder
            .messages
            .retain(|message| walked.iter().all(|moved| moved.id != message.id));
    });
    assert_eq!(walked.len(), 2500);
    assert!(pages.len() <= 4, "{pages:?}");
}

#[test]
fn filters_are_as_exchange_wants_them() {
    let at = UtcInstant::from_epoch(1_700_000_000);
    let ask = |query: &MessageQuery| Walk::new(query).ask();
    let asked = |filter: Option<&str>, order| {
        Some(Ask::Query {
            filter: filter.map(str::to_owned),
            order: Some(order),
            top: 1000,
        })
    };
    let all = MessageQuery::default();
    assert_eq!(ask(&all), asked(None, "receivedDateTime"));
    let unread = MessageQuery {
        unread_only: true,
        newest_first: true,
        ..MessageQuery::default()
    };
    assert_eq!(
        ask(&unread),
        asked(
            Some("receivedDateTime ge 1900-01-01T00:00:00Z and isRead eq false"),
            "receivedDateTime desc"
        )
    );
    let since = MessageQuery {
        since: Some(at),
        ..MessageQuery::default()
    };
    assert_eq!(
        ask(&since),
        asked(Some("receivedDateTime ge 2023-11-14T22:13:20Z"), "receivedDateTime")
    );
}
