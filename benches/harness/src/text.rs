//! Generated English-like text and HTML.

use crate::random::Random;

/// Frequent words, of which half of a text consists.
const FREQUENT: [&str; 64] = [
    "the", "of", "and", "to", "a", "in", "is", "that", "it", "for", "was", "on", "are", "as",
    "with", "they", "at", "be", "this", "from", "have", "or", "by", "one", "had", "not", "but",
    "what", "all", "were", "when", "we", "there", "can", "an", "your", "which", "their", "said",
    "if", "will", "each", "about", "how", "up", "out", "them", "then", "she", "many", "some", "so",
    "these", "would", "other", "into", "has", "more", "two", "like", "him", "see", "time", "could",
];

/// Subjects, which the topics of the benchmarks ask for.
const SUBJECTS: [&str; 32] = [
    "kafka",
    "stream",
    "cloud",
    "database",
    "compiler",
    "kernel",
    "browser",
    "network",
    "privacy",
    "climate",
    "energy",
    "market",
    "football",
    "garden",
    "museum",
    "novel",
    "physics",
    "planet",
    "railway",
    "recipe",
    "robot",
    "satellite",
    "security",
    "software",
    "theatre",
    "travel",
    "vaccine",
    "village",
    "violin",
    "volcano",
    "weather",
    "wildlife",
];

/// Syllables of the other words.
const SYLLABLES: [&str; 40] = [
    "ar", "ben", "cal", "dor", "el", "fin", "gra", "hol", "im", "jas", "kel", "lor", "mar", "nor",
    "ol", "pra", "quen", "ras", "sol", "tar", "ul", "ven", "wes", "yor", "zan", "ble", "der",
    "est", "ful", "ing", "ish", "ity", "less", "ment", "ness", "ous", "tion", "ture", "ward",
    "wise",
];

/// Words beyond ASCII, which real feeds have.
const FOREIGN: [&str; 8] =
    ["café", "Zürich", "naïve", "señor", "Łódź", "“quoted”", "東京", "Москва"];

/// How many different words there are.
const VOCABULARY: usize = 8_000;

/// The words that texts consist of.
#[derive(Debug)]
pub struct Vocabulary(Vec<String>);

impl Vocabulary {
    /// Creates the vocabulary of this seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(&[seed, 1]);
        let word = |_| (0..2 + random.below(3)).map(|_| random.pick(&SYLLABLES)).collect();
        Self((0..VOCABULARY).map(word).collect())
    }

    /// Appends a word. A few words are frequent and most are rare, as in real texts.
    fn word(&self, random: &mut Random, out: &mut String) {
        out.push_str(match random.below(100) {
            0..50 => random.pick(&FREQUENT),
            50..53 => random.pick(&SUBJECTS),
            53 => random.pick(&FOREIGN),
            _ => {
                // The square makes low numbers frequent.
                let number = random.below(VOCABULARY) * random.below(VOCABULARY) / VOCABULARY;
                &self.0[number]
            }
        });
    }

    /// Appends words, the first with a capital letter.
    pub fn sentence(&self, random: &mut Random, words: usize, out: &mut String) {
        for number in 0..words {
            if number > 0 {
                out.push_str(if random.below(15) == 0 { ", " } else { " " });
            }
            let start = out.len();
            self.word(random, out);
            if number == 0 && out.is_char_boundary(start + 1) {
                out[start..=start].make_ascii_uppercase();
            }
        }
    }

    /// Returns about `bytes` bytes of HTML, as blogs write it.
    pub fn html(&self, random: &mut Random, bytes: usize) -> String {
        let mut html = String::with_capacity(bytes + 400);
        while html.len() < bytes {
            match random.below(10) {
                0 => self.element(random, "h2", 5, &mut html),
                1 => {
                    html.push_str("<ul>");
                    for _ in 0..4 {
                        self.element(random, "li", 9, &mut html);
                    }
                    html.push_str("</ul>\n");
                }
                2 => {
                    html.push_str("<blockquote>");
                    self.element(random, "p", 20, &mut html);
                    html.push_str("</blockquote>\n");
                }
                3 => {
                    let number = random.below(100_000);
                    html.push_str(&format!(
                        "<figure><img src=\"/images/{number}.jpg?w=800&amp;h=600\" width=\"800\" \
                         height=\"600\" alt=\"\"></figure>\n"
                    ));
                }
                _ => self.paragraph(random, &mut html),
            }
        }
        html
    }

    fn element(&self, random: &mut Random, name: &str, words: usize, html: &mut String) {
        html.push_str(&format!("<{name}>"));
        self.sentence(random, words, html);
        html.push_str(&format!("</{name}>\n"));
    }

    fn paragraph(&self, random: &mut Random, html: &mut String) {
        html.push_str("<p>");
        for _ in 0..3 {
            let words = 8 + random.below(12);
            self.sentence(random, words, html);
            html.push_str(match random.below(3) {
                0 => " &mdash; ",
                _ => ". ",
            });
            if random.below(3) == 0 {
                let number = random.below(1000);
                html.push_str(&format!("<a href=\"https://site{number}.example/page?a=1&amp;b\">"));
                self.sentence(random, 3, html);
                html.push_str("</a> ");
            }
        }
        html.push_str("</p>\n");
    }
}
