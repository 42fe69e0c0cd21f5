//! Names of months, as far as publishers use other languages than English in dates.

/// The month of a name in English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, Hungarian, Greek or
/// Russian, whole or cut short; 1 to 12.
pub(super) fn month(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "jän", "ene", "gen", "sty", "ιαν", "янв"],
        &["feb", "fév", "fev", "fév", "lut", "φεβ", "фев"],
        &["mar", "mär", "mrz", "maa", "mrt", "már", "μαρ", "μάρ", "мар"],
        &["apr", "avr", "abr", "kwi", "ápr", "απρ", "апр"],
        &["may", "mai", "mag", "mei", "maj", "máj", "μαι", "μαϊ", "мая", "май"],
        &["jun", "juin", "giu", "cze", "jún", "ιουν", "июн"],
        &["jul", "juil", "lug", "lip", "júl", "ιουλ", "июл"],
        &["aug", "aoû", "aou", "ago", "sie", "αυγ", "авг"],
        &["sep", "set", "wrz", "sze", "σεπ", "сен"],
        &["oct", "okt", "out", "ott", "paź", "οκτ", "окт"],
        &["nov", "lis", "νοε", "ноя"],
        &["dec", "dez", "déc", "dic", "gru", "δεκ", "дек"],
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

/// Whether a word says in which half of the day an hour is: false before noon.
pub(super) fn is_afternoon(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().replace('.', "").as_str() {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    }
}
