//! Names of months, as far as publishers use other languages than English in dates.

/// The month of a name in English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, Hungarian, Turkish, Greek
/// or Russian, whole or cut short; 1 to 12.
pub(super) fn month(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "jän", "ene", "gen", "sty", "oca", "ιαν", "янв"],
        &["feb", "fév", "fev", "lut", "şub", "φεβ", "фев"],
        &["mar", "mär", "mrz", "maa", "mrt", "már", "μαρ", "μάρ", "мар"],
        &["apr", "avr", "abr", "kwi", "ápr", "nis", "απρ", "апр"],
        &["may", "mai", "mag", "mei", "maj", "máj", "μαι", "μαϊ", "μάι", "мая", "май"],
        &["jun", "juin", "giu", "cze", "jún", "haz", "ιουν", "ιούν", "июн"],
        &["jul", "juil", "lug", "lip", "júl", "tem", "ιουλ", "ιούλ", "июл"],
        &["aug", "aoû", "aou", "ago", "sie", "ağu", "αυγ", "αύγ", "авг"],
        &["sep", "set", "wrz", "sze", "eyl", "σεπ", "сен"],
        &["oct", "okt", "out", "ott", "paź", "eki", "οκτ", "окт"],
        &["nov", "lis", "kas", "νοε", "νοέ", "ноя"],
        &["dec", "dez", "déc", "dic", "des", "gru", "ara", "δεκ", "дек"],
    ];
    let word = word.to_lowercase();
    let word = word.trim_end_matches('.');
    if word.chars().count() < 3 {
        return None;
    }
    // `juil` before `jui…`: the names of June and July share their beginning in French.
    if word.starts_with("juil") {
        return Some(7);
    }
    let (month, _) = (1..).zip(MONTHS).find(|(_, names)| names.iter().any(|name| word.starts_with(name)))?;
    Some(month)
}

/// Dates of China, Japan and Korea in figures: `2024年3月5日`, `2004년 05월 28일 오후 1:31`.
pub(super) fn from_east_asia(text: String) -> String {
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
