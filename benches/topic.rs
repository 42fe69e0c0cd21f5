//! Throughput of fifty topics with a thousand matchers. The goal is at least 50 MB/s of body text
//! on one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use feed_model::{Topic, TopicId};
use topic_rules::{Rules, StoryFields};
use tributary::config;

/// Technical words, of which matchers and bodies consist.
const TERMS: [&str; 40] = [
    "kafka",
    "consensus",
    "replication",
    "quorum",
    "leader",
    "stream",
    "event",
    "batch",
    "window",
    "broker",
    "cloud",
    "lambda",
    "container",
    "network",
    "packet",
    "storage",
    "object",
    "cache",
    "index",
    "query",
    "model",
    "inference",
    "token",
    "vector",
    "agent",
    "training",
    "tensor",
    "cluster",
    "region",
    "latency",
    "retry",
    "timeout",
    "shard",
    "clock",
    "gossip",
    "snapshot",
    "ledger",
    "offset",
    "schema",
    "gateway",
];

/// Words that no matcher has, like most words of a body.
const PROSE: [&str; 60] = [
    "the", "of", "and", "to", "a", "in", "that", "it", "is", "was", "for", "on", "are", "with",
    "as", "his", "they", "be", "at", "one", "have", "this", "from", "or", "had", "by", "hot",
    "word", "but", "what", "some", "we", "can", "out", "other", "were", "all", "there", "when",
    "up", "use", "your", "how", "said", "an", "each", "she", "which", "do", "their", "time", "if",
    "will", "way", "about", "many", "then", "them", "writing", "because",
];

/// A linear congruential generator, which gives the same numbers in every run.
struct RandomNumbers(u64);

impl RandomNumbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % bound
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len())]
    }
}

/// Returns a topic without matchers.
fn topic(index: usize) -> Topic {
    Topic::new(TopicId::new(format!("topic-{index}")).expect("a plain word"))
}

/// Returns fifty topics with twenty matchers each: words, phrases of two and three words, weights
/// and fields.
fn rules() -> Rules {
    let mut numbers = RandomNumbers(7);
    let topics: Vec<Topic> = (0..50)
        .map(|index| Topic {
            any: (0..20)
                .map(|matcher| match matcher % 4 {
                    0 => format!("{}{}", numbers.of(&TERMS), numbers.below(90)),
                    1 => format!("{} {}", numbers.of(&TERMS), numbers.of(&TERMS)),
                    2 => format!(
                        "{}-{} {}^0.5",
                        numbers.of(&TERMS),
                        numbers.of(&TERMS),
                        numbers.of(&TERMS)
                    ),
                    _ => format!("content:{} {}", numbers.of(&TERMS), numbers.of(&PROSE)),
                })
                .collect(),
            ..topic(index)
        })
        .collect();
    Rules::compile(&topics).expect("every matcher is a plain phrase")
}

/// German words, some of them with letters outside ASCII.
const GERMAN: [&str; 48] = [
    "die",
    "der",
    "und",
    "nicht",
    "für",
    "über",
    "auf",
    "eine",
    "werden",
    "sich",
    "auch",
    "oder",
    "größer",
    "während",
    "Knoten",
    "Verfügbarkeit",
    "Übertragung",
    "Speicher",
    "Schlüssel",
    "Netzwerk",
    "Nachricht",
    "Nachrichten",
    "Zustände",
    "Anfrage",
    "Anfragen",
    "Übereinstimmung",
    "Zeitüberschreitung",
    "Rechenzentrum",
    "Datenbanken",
    "Ereignis",
    "Ereignisse",
    "Ströme",
    "verteilt",
    "verteilten",
    "geschrieben",
    "gelesen",
    "wählen",
    "gewählt",
    "Führung",
    "Ausfall",
    "Ausfälle",
    "Lücke",
    "Prüfung",
    "Modelle",
    "Gewichte",
    "Wiederholung",
    "Reihenfolge",
    "gleichmäßig",
];

/// Like [`rules`], with words and phrases from the body, so that many match, and with a
/// hundred regexes.
fn rules_that_hit(words: &[&str]) -> Rules {
    let mut numbers = RandomNumbers(13);
    let topics: Vec<Topic> = (0..50)
        .map(|index| Topic {
            any: (0..20)
                .map(|matcher| match matcher % 10 {
                    0 => format!("/\\b{}(s|en)?\\b/", numbers.of(words)),
                    1 => format!("title:{}^2", numbers.of(words)),
                    2 | 3 => format!("content:{} {}", numbers.of(words), numbers.of(words)),
                    4 => format!("{}-{}", numbers.of(words), numbers.of(words)),
                    5 => format!("summary:{}", numbers.of(words)),
                    _ => format!("{} {}", numbers.of(words), numbers.of(words)),
                })
                .collect(),
            ..topic(index)
        })
        .collect();
    Rules::compile(&topics).expect("every matcher is right")
}

/// Returns a body of sentences. One word in twelve is a technical term, one in nine is random.
fn body(bytes: usize) -> String {
    let mut numbers = RandomNumbers(11);
    let mut text = String::with_capacity(bytes + 64);
    let mut words = 0;
    while text.len() < bytes {
        match numbers.below(36) {
            0..3 => text.push_str(numbers.of(&TERMS)),
            3..7 => {
                let rare: String = (0..4 + numbers.below(6))
                    .map(|_| {
                        numbers.of(&[
                            "a", "e", "i", "o", "b", "d", "g", "k", "l", "m", "n", "p", "r", "s",
                            "t", "v", "z",
                        ])
                    })
                    .collect();
                text.push_str(&rare);
            }
            _ => text.push_str(numbers.of(&PROSE)),
        }
        words += 1;
        text.push_str(match words % 60 {
            0 => ".\n\n",
            20 | 40 => ". ",
            9 | 31 | 52 => ", ",
            _ => " ",
        });
    }
    text
}

/// Returns the topics of the shipped feeds.toml, with their vocabularies.
fn shipped() -> Rules {
    let config = config::check(config::SHIPPED, "feeds.toml").config.expect("it is valid");
    Rules::compile(&config.topics).expect("shipped matchers are right")
}

fn classifying(criterion: &mut Criterion) {
    let rules = rules();
    let mut group = criterion.benchmark_group("classify, 1000 matchers in 50 topics");
    for (name, bytes) in [("5 kB", 5_000), ("50 kB", 50_000), ("1 MB", 1_000_000)] {
        let text = body(bytes);
        let fields = StoryFields {
            title: "What the gateway said",
            summary: Some("A word about time."),
            text: &text,
            language: Some("en"),
            ..StoryFields::default()
        };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| rules.classify(black_box(&fields))));
    }
    let mut numbers = RandomNumbers(17);
    let german: Vec<&str> = (0..7_000).map(|_| numbers.of(&GERMAN)).collect();
    for (name, words, text) in [
        ("50 kB, half of the matchers hit, 100 regexes", &TERMS[..], body(50_000)),
        (
            "50 kB of German, half of the matchers hit, 100 regexes, language detected",
            &GERMAN[..],
            german.join(" "),
        ),
    ] {
        let rules = rules_that_hit(words);
        let fields =
            StoryFields { title: "What the gateway said", text: &text, ..StoryFields::default() };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| rules.classify(black_box(&fields))));
    }
    // Typographic apostrophes, as on the web, are not ASCII.
    let (shipped, text) = (shipped(), body(50_000).replace("they", "they’ve"));
    group.throughput(Throughput::Bytes(text.len() as u64));
    let fields =
        StoryFields { title: "What the gateway said", text: &text, ..StoryFields::default() };
    group.bench_function("50 kB, the shipped topics instead, language detected", |bencher| {
        bencher.iter(|| shipped.classify(black_box(&fields)));
    });
    group.finish();
}

criterion_group!(benches, classifying);
criterion_main!(benches);
