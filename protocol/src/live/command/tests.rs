//! What is read, what is refused, and what no bytes can do.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn ask(frame: &str) -> (u32, Method) {
    match decode(frame).unwrap().pop().unwrap() {
        Command::Ask { id, method } => (id, method),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_frame_holds_several_commands_and_keeps_their_order() {
    let frame = "{\"id\":1,\"connect\":{\"name\":\"js\"}}\n{\"id\":2,\"subscribe\":\
                 {\"channel\":\"showing:a\",\"recover\":true,\"epoch\":\"e\",\"offset\":7,\
                 \"flag\":3}}\n{}\n";
    let subscribe = Subscribe {
        channel: "showing:a".to_owned(),
        recover: true,
        epoch: "e".to_owned(),
        offset: 7,
        flag: 3,
        ..Subscribe::default()
    };
    assert!(subscribe.rejects_unrecovered());
    let connect = Connect { name: "js".to_owned(), ..Connect::default() };
    assert_eq!(
        decode(frame).unwrap(),
        [
            Command::Ask { id: 1, method: Method::Connect(connect) },
            Command::Ask { id: 2, method: Method::Subscribe(subscribe) },
            Command::Pong,
        ]
    );
}

#[test]
fn what_a_newer_sdk_adds_is_ignored() {
    let frame = r#"{"id":3,"rpc":{"method":"m","data":{"a":[1]},"novel":1},"other":{}}"#;
    let rpc = Rpc { method: "m".to_owned(), data: serde_json::json!({"a": [1]}) };
    assert_eq!(ask(frame), (3, Method::Rpc(rpc)));
    assert_eq!(ask(r#"{"id":4,"novel":{}}"#), (4, Method::Unknown));
    assert_eq!(ask(r#"{"id":5,"publish":{"channel":"c","data":{}}}"#), (5, Method::Publish));
    assert_eq!(decode(r#"{"send":{"data":1}}"#).unwrap(), [Command::Send]);
}

#[test]
fn a_bad_frame_is_refused_whole() {
    let bad = |frame: &str| decode(frame).unwrap_err();
    assert_eq!(bad(""), BadFrame::Empty);
    assert_eq!(bad("\n \n"), BadFrame::Empty);
    assert_eq!(bad(r#"{"connect":{}}"#), BadFrame::NoId { index: 0 });
    for text in ["[]", "1", "null", "{", "{\"id\":-1}", "{\"id\":4294967296}", "{}x"] {
        assert!(matches!(bad(text), BadFrame::Malformed { index: 0, .. }), "{text}");
    }
    assert!(matches!(bad("{}\n{\"id\":\"1\"}"), BadFrame::Malformed { index: 1, .. }));
    assert_eq!(bad(&"{}\n".repeat(FRAME_COMMANDS_MAX + 1)), BadFrame::TooMany);
    assert!(decode(&"{}\n".repeat(FRAME_COMMANDS_MAX)).is_ok());
    let len = FRAME_BYTES_MAX + 1;
    assert_eq!(bad(&" ".repeat(len)), BadFrame::TooLarge { len });
    let deep = format!(r#"{{"id":1,"rpc":{{"data":{}1{}}}}}"#, "[".repeat(31), "]".repeat(31));
    assert_eq!(bad(&deep), BadFrame::TooDeep { index: 0 });
}

#[test]
fn brackets_within_texts_are_no_depth() {
    assert_eq!(depth(br#"{"a":"[[[\"[[","b":[{}]}"#), 3);
    assert!(decode(&format!(r#"{{"id":1,"rpc":{{"method":"{}"}}}}"#, "[".repeat(99))).is_ok());
}

/// A command that a client may send: the line, and what it must be read as.
fn good() -> impl Strategy<Value = (Value, Command)> {
    let text = || prop_oneof!["[a-z:0-9-]{0,40}", "\\PC{0,12}", r#"["\\\[\]{}]{1,9}"#];
    let ask = |name: &'static str, id: u32, body: Value, method: Method| {
        (json!({ "id": id, name: body }), Command::Ask { id, method })
    };
    let id = || 1_u32..;
    prop_oneof![
        Just((json!({}), Command::Pong)),
        data().prop_map(|data| (json!({ "send": { "data": data } }), Command::Send)),
        (id(), text(), text()).prop_map(move |(id, token, name)| {
            let body = json!({ "token": token, "name": name });
            ask("connect", id, body, Method::Connect(Connect { token, name }))
        }),
        (id(), subscribe(text()))
            .prop_map(move |(id, (body, s))| { ask("subscribe", id, body, Method::Subscribe(s)) }),
        (id(), text(), 0..4_usize).prop_map(move |(id, channel, which)| {
            let body = json!({ "channel": channel });
            match which {
                0 => ask("unsubscribe", id, body, Method::Unsubscribe(channel)),
                1 => ask("presence", id, body, Method::Presence(channel)),
                2 => ask("presence_stats", id, body, Method::PresenceStats(channel)),
                _ => ask("publish", id, body, Method::Publish),
            }
        }),
        (id(), text(), any::<(i32, bool)>(), prop::option::of((any::<u64>(), text()))).prop_map(
            move |(id, channel, (limit, reverse), since)| {
                let since = since.map(|(offset, epoch)| Since { offset, epoch });
                let at = since.as_ref().map(|s| json!({ "offset": s.offset, "epoch": s.epoch }));
                let body =
                    json!({ "channel": channel, "limit": limit, "reverse": reverse, "since": at });
                ask(
                    "history",
                    id,
                    body,
                    Method::History(History { channel, limit, since, reverse }),
                )
            }
        ),
        (id(), text(), data()).prop_map(move |(id, method, data)| {
            let body = json!({ "method": method, "data": data });
            ask("rpc", id, body, Method::Rpc(Rpc { method, data }))
        }),
        (id(), text()).prop_map(move |(id, token)| {
            ask("refresh", id, json!({ "token": token }), Method::Refresh(token))
        }),
        id().prop_map(move |id| ask("ping", id, json!({}), Method::Ping)),
        id().prop_map(move |id| ask("sub_refresh", id, json!({}), Method::SubRefresh)),
    ]
}

fn subscribe(
    text: impl Strategy<Value = String> + Clone,
) -> impl Strategy<Value = (Value, Subscribe)> {
    let flags = any::<(bool, u64, bool, i64)>();
    (text.clone(), text, flags).prop_map(|(channel, epoch, (recover, offset, join_leave, flag))| {
        let body = json!({ "channel": channel, "epoch": epoch, "recover": recover,
            "offset": offset, "join_leave": join_leave, "flag": flag });
        (body, Subscribe { channel, recover, epoch, offset, join_leave, flag })
    })
}

/// JSON of any shape, less deep than the bound.
fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,10}".prop_map(Value::from),
        r#"["\\\[\]{}]{0,6}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 30, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// What a faulty or hostile client may do to a line that was good.
#[derive(Debug, Clone)]
enum Twist {
    /// A value anywhere in it becomes another.
    Value(prop::sample::Index, Value),
    /// A field anywhere in it is gone.
    Gone(prop::sample::Index),
    /// A field is there twice.
    Twice(prop::sample::Index, Value),
    /// A value is wrapped in so many lists.
    Deep(prop::sample::Index, usize),
    /// A character is gone, or another stands before it.
    Char(prop::sample::Index, Option<char>),
    /// The end is missing.
    Cut(prop::sample::Index),
}

fn twist() -> impl Strategy<Value = Twist> {
    let at = any::<prop::sample::Index>;
    let odd = vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("1"),
        json!([]),
        json!({}),
        json!([[{}]]),
    ];
    let odd = || prop::sample::select(odd.clone());
    let chars =
        vec!['{', '}', '[', ']', ':', ',', '"', '\\', '\n', '\0', '-', '9', 'e', 'é', '\u{2028}'];
    prop_oneof![
        4 => (at(), odd()).prop_map(|(at, value)| Twist::Value(at, value)),
        1 => at().prop_map(Twist::Gone),
        1 => (at(), odd()).prop_map(|(at, value)| Twist::Twice(at, value)),
        1 => (at(), 1..40_usize).prop_map(|(at, n)| Twist::Deep(at, n)),
        2 => (at(), prop::option::of(prop::sample::select(chars))).prop_map(|(at, c)| Twist::Char(at, c)),
        1 => at().prop_map(Twist::Cut),
    ]
}

/// The `n`th value of `json`, itself the first, in its own order.
fn nth<'a>(json: &'a mut Value, n: &mut usize) -> Option<&'a mut Value> {
    if *n == 0 {
        return Some(json);
    }
    *n -= 1;
    match json {
        Value::Array(list) => list.iter_mut().find_map(|item| nth(item, n)),
        Value::Object(map) => map.values_mut().find_map(|item| nth(item, n)),
        _ => None,
    }
}

fn values(json: &Value) -> usize {
    1 + match json {
        Value::Array(list) => list.iter().map(values).sum(),
        Value::Object(map) => map.values().map(values).sum(),
        _ => 0,
    }
}

impl Twist {
    fn line(&self, mut json: Value) -> String {
        let pick = |at: &prop::sample::Index| at.index(values(&json));
        match self {
            Self::Value(at, value) => {
                let mut n = pick(at);
                *nth(&mut json, &mut n).unwrap() = value.clone();
            }
            Self::Deep(at, levels) => {
                let mut n = pick(at);
                let place = nth(&mut json, &mut n).unwrap();
                for _ in 0..*levels {
                    *place = json!([place.take()]);
                }
            }
            Self::Gone(at) => {
                let mut n = pick(at);
                let fields = nth(&mut json, &mut n).and_then(Value::as_object_mut);
                let first = fields.as_ref().and_then(|map| map.keys().next().cloned());
                fields.zip(first).map(|(map, name)| map.remove(&name));
            }
            Self::Twice(at, value) => {
                let names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
                if !names.is_empty() {
                    let (name, text) = (at.get(&names), json.to_string());
                    return format!("{},\"{name}\":{value}}}", &text[..text.len() - 1]);
                }
            }
            Self::Char(at, put) => {
                let mut chars: Vec<char> = json.to_string().chars().collect();
                let at = at.index(chars.len());
                match put {
                    Some(char) => chars.insert(at, *char),
                    None => drop(chars.remove(at)),
                }
                return chars.into_iter().collect();
            }
            Self::Cut(at) => {
                let chars: Vec<char> = json.to_string().chars().collect();
                return chars[..at.index(chars.len())].iter().collect();
            }
        }
        json.to_string()
    }
}

/// What must hold of whatever came in, by another parser's word and no more.
fn holds_of(frame: &str) {
    let lines: Vec<&str> =
        frame.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
    match decode(frame) {
        Ok(commands) => {
            assert_eq!(commands.len(), lines.len(), "one command a line: {frame}");
            for (command, line) in commands.iter().zip(&lines) {
                let any = serde_json::from_str::<serde::de::IgnoredAny>(line);
                any.expect("what is taken is JSON");
                // A field that nobody reads may hold a number beyond any number of ours.
                let Ok(json) = serde_json::from_str::<Value>(line) else { continue };
                assert!(json.is_object() && depth_of(&json) <= DEPTH_MAX, "{line}");
                if let Command::Ask { id, method } = command {
                    assert_eq!(json["id"], *id, "the answer goes to the right place: {line}");
                    if let Method::Rpc(rpc) = method {
                        assert_eq!(json["rpc"].get("data").unwrap_or(&Value::Null), &rpc.data);
                    }
                }
            }
        }
        Err(
            BadFrame::Malformed { index, .. }
            | BadFrame::TooDeep { index }
            | BadFrame::NoId { index },
        ) => {
            assert!(index < lines.len());
            let alone: Vec<_> = lines[..index].iter().map(|line| decode(line)).collect();
            assert!(alone.iter().all(Result::is_ok), "the first bad line is named: {frame}");
            assert!(decode(lines[index]).is_err(), "a bad line is bad by itself: {frame}");
        }
        Err(BadFrame::Empty) => assert!(lines.is_empty()),
        Err(BadFrame::TooMany) => assert!(lines.len() > FRAME_COMMANDS_MAX),
        Err(BadFrame::TooLarge { len }) => assert!(len > FRAME_BYTES_MAX && len == frame.len()),
    }
}

fn depth_of(json: &Value) -> usize {
    match json {
        Value::Array(list) => 1 + list.iter().map(depth_of).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn what_clients_send_is_read_as_they_meant_it(
        lines in prop::collection::vec(good(), 1..8),
        end in prop::sample::select(vec!["\n", "\r\n", "\n\n", "\n \t\n"]),
    ) {
        let frame: String = lines.iter().map(|(line, _)| format!("{line}{end}")).collect();
        let meant: Vec<Command> = lines.into_iter().map(|(_, command)| command).collect();
        prop_assert_eq!(decode(&frame).unwrap(), meant);
        holds_of(&frame);
    }

    #[test]
    fn a_twisted_line_is_refused_or_read_as_it_stands(
        mut lines in prop::collection::vec(good(), 1..5),
        at: prop::sample::Index,
        twist in twist(),
    ) {
        let at = at.index(lines.len());
        let twisted = twist.line(lines[at].0.take());
        let text = |(n, (line, _)): (usize, &(Value, Command))| {
            if n == at { twisted.clone() } else { line.to_string() }
        };
        let frame: Vec<String> = lines.iter().enumerate().map(text).collect();
        holds_of(&frame.join("\n"));
    }

    #[test]
    fn no_text_makes_the_decoder_panic(text in "\\PC{0,200}") {
        holds_of(&text);
    }

    #[test]
    fn no_text_of_the_protocols_own_words_makes_the_decoder_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\n", "\"id\"", "1", "0", "-1", "1e9", "null", "true",
            "\"connect\"", "\"subscribe\"", "\"channel\"", "\"rpc\"", "\"data\"", "\"offset\"",
            "\"since\"", "\"history\"", "\"send\"", "\"\\", "\"\\ud800\"", "\"x\"",
        ]), 0..60)
    ) {
        holds_of(&words.concat());
    }
}
