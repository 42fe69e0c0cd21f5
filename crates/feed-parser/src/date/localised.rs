//! Dates of China, Japan and Korea, and the halves of the day.

/// Converts the numeric dates of China, Japan and Korea to ISO 8601: `2024年3月5日`, `2004년 05월 28일 오후
/// 1:31`.
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

/// Returns whether a word means after noon (`pm`) or before (`am`).
pub(super) fn is_afternoon(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().replace('.', "").as_str() {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    }
}
