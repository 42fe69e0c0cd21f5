//! Korean words with particles behind them: `데이터베이스를` is `데이터베이스` and an object particle.

/// The particles behind nouns, the plural suffix included.
const PARTICLES: [&str; 41] = [
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "과",
    "와",
    "의",
    "에",
    "도",
    "만",
    "로",
    "으로",
    "나",
    "이나",
    "랑",
    "이랑",
    "며",
    "이며",
    "들",
    "께",
    "에서",
    "에게",
    "께서",
    "한테",
    "까지",
    "부터",
    "처럼",
    "보다",
    "마다",
    "조차",
    "마저",
    "밖에",
    "만큼",
    "대로",
    "라고",
    "이라고",
    "라는",
    "이라는",
    "뿐",
];

/// The most particles of one word: `데이터베이스들에서는`.
const MAX_PARTICLES: usize = 4;

/// Looks a word up without the particles behind it, the shortest ones first. Words without a
/// particle and words of other scripts have no result.
pub(super) fn without_particles(word: &str, find: &impl Fn(&str) -> Option<u32>) -> Option<u32> {
    search(word, MAX_PARTICLES, find)
}

fn search(word: &str, depth: usize, find: &impl Fn(&str) -> Option<u32>) -> Option<u32> {
    if depth == 0 || !word.chars().next_back().is_some_and(|c| ('가'..='힣').contains(&c)) {
        return None;
    }
    PARTICLES.iter().find_map(|particle| {
        let noun = word.strip_suffix(particle).filter(|noun| is_followed_by(noun, particle))?;
        find(noun).or_else(|| search(noun, depth - 1, find))
    })
}

/// Returns whether a particle can follow a noun. Some particles differ after a final consonant.
/// A noun of one syllable, which is often the beginning of a longer one, has only those.
fn is_followed_by(noun: &str, particle: &str) -> bool {
    let Some(last) = noun.chars().next_back() else { return false };
    if !('가'..='힣').contains(&last) {
        return true;
    }
    // The final consonants of a syllable are its remainder in blocks of 28; the eighth is `ㄹ`.
    let final_consonant = (u32::from(last) - u32::from('가')) % 28;
    match particle {
        "은" | "이" | "을" | "과" | "이나" | "이랑" | "이며" | "이라고" | "이라는" => {
            final_consonant != 0
        }
        "는" | "가" | "를" | "와" | "나" | "랑" | "며" | "라고" | "라는" => {
            final_consonant == 0
        }
        "으로" => !matches!(final_consonant, 0 | 8),
        "로" => matches!(final_consonant, 0 | 8),
        _ => noun.chars().nth(1).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_are_removed_where_they_can_follow() {
        let is_found = |word: &str, noun: &str| {
            without_particles(word, &|part| (part == noun).then_some(1)).is_some()
        };
        for word in [
            "카프카는",
            "카프카를",
            "카프카와",
            "카프카에서",
            "카프카에서는",
            "카프카로부터",
            "카프카의",
        ] {
            assert!(is_found(word, "카프카"), "{word}");
        }
        assert!(is_found("시스템들에서도", "시스템") && is_found("시스템으로", "시스템"));
        assert!(is_found("kafka를", "kafka") && is_found("법은", "법"));
        assert!(!is_found("카프카은", "카프카"), "`은` follows a consonant only");
        assert!(!is_found("회의", "회") && !is_found("카프카네", "카프카"));
        assert!(!is_found("kafka", "kafk"));
    }
}
