//! Names in dates, as publishers write them in other languages than English.

use super::months::month_of;

/// Beginnings that name a month where nothing but a date is expected: in prose they are other words
/// as well.
const SHORT_MONTHS: [(&str, u32); 26] = [
    ("sty", 1),
    ("oca", 1),
    ("lut", 2),
    ("şub", 2),
    ("már", 3),
    ("kwi", 4),
    ("nis", 4),
    ("μαι", 5),
    ("cze", 6),
    ("haz", 6),
    ("lip", 7),
    ("tem", 7),
    ("sie", 8),
    ("ağu", 8),
    ("set", 9),
    ("wrz", 9),
    ("sze", 9),
    ("eyl", 9),
    ("out", 10),
    ("paź", 10),
    ("eki", 10),
    ("lis", 11),
    ("kas", 11),
    ("des", 12),
    ("gru", 12),
    ("ara", 12),
];

/// The month of a name, whole or cut short, in a text that is a date and nothing else; 1 to 12.
pub(super) fn month(word: &str) -> Option<u32> {
    let by_short_name = || {
        let word = word.to_lowercase();
        SHORT_MONTHS.iter().find(|(start, _)| word.starts_with(start)).map(|(_, month)| *month)
    };
    month_of(word).or_else(by_short_name)
}

/// Dates of China, Japan and Korea in figures: `2024年3月5日`, `2004년 05월 28일 오후 1:31`.
pub(super) fn east_asian_to_iso(text: String) -> String {
    if !text.contains(['年', '년', '月', '월', '午', '오']) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut half = "";
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let morning = ["午前", "上午", "오전"].iter().find(|word| rest.starts_with(**word));
        let afternoon = ["午後", "下午", "오후"].iter().find(|word| rest.starts_with(**word));
        if let Some(word) = morning.or(afternoon) {
            half = if morning.is_some() { " AM" } else { " PM" };
            rest = &rest[word.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '年' | '년' | '月' | '월' => {
                out.push('-');
                rest = rest.trim_start();
            }
            '日' | '일' => out.push(' '),
            '時' | '时' | '시' | '分' | '분' => {
                out.push(':');
                rest = rest.trim_start();
            }
            '秒' | '초' => {}
            _ => out.push(c),
        }
    }
    out.truncate(out.trim_end_matches([':', ' ', '-']).len());
    out.push_str(half);
    out
}

/// Whether a word says in which half of the day an hour is: false before noon.
pub(super) fn is_afternoon(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().replace('.', "").as_str() {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    }
}
