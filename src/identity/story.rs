//! Whether an entry of one source is the same story as an entry of another.
//!
//! Either both lead to the same page, and neither is a commentary on it or a forgery; or they have the same title and
//! nearly the same text. Ids prove nothing across sources (RFC 4287 §8.4): whoever likes can copy one.

use std::collections::BTreeMap;

use super::{Fingerprint, Home, Keyed, address, site_name};
use crate::model::{Draft, SourceId, Timestamp};

/// Words of own text from which an item that links to a post is a post itself, and from which texts are compared.
pub const COMMENTARY_TOKENS: u32 = 48;
/// Likeness from which a text is the post's and no commentary on it.
const LIKE_THE_POST: f64 = 0.5;
/// Shingles that an estimate of overlap needs.
const OVERLAP_SAMPLE: usize = 12;
/// Words below which an item says nothing of a page: "Comments", or "submitted by … [link]".
const SAYS_NOTHING: u32 = 10;
/// Words from which a text under a post's title and link is the post's, where no other text is there to be held against it.
const WHOLE_TEXT: u32 = 250;
/// The share of a title's words that an item must have to be about it.
const SAME_SUBJECT: f64 = 0.3;
/// Pages that may have one text: what stands on more is a form letter. However many link to one of them does not count.
const MOST_ADDRESSES: u32 = 4;
/// Words of an opening, which is compared exactly.
const OPENING: u32 = 80;
/// Words from which a part of a text is its part also when it comes days later.
const LONG_PART: u32 = 100;
/// Likeness from which two texts are one, whatever words were changed.
const NEARLY_EQUAL: f64 = 0.95;
/// Days between two dates of one text that need no further proof, and the most that any proof allows.
const DAYS_APART: (i64, i64) = (3, 45);

/// An entry that was never seen before.
#[derive(Debug, Clone)]
pub struct Newcomer<'a> {
    source: &'a SourceId,
    keyed: &'a Keyed,
    home: Home,
    fingerprint: Fingerprint,
    url: Option<&'a str>,
    source_title: Option<String>,
}

impl<'a> Newcomer<'a> {
    /// A new entry of a source with this home.
    pub fn new(source: &'a SourceId, keyed: &'a Keyed, draft: &'a Draft, home: Home) -> Self {
        let url = draft.url.as_ref().map(url::Url::as_str);
        Self { source, keyed, home, fingerprint: Fingerprint::of(draft), url, source_title: None }
    }

    /// With the name of its source: a title that ends in it is compared without it too.
    #[must_use]
    pub fn from_source_called(self, title: Option<String>) -> Self {
        Self { source_title: title, ..self }
    }

    /// What its text is like.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The title without the name of its source, by which a copy may be known that does not have that name.
    pub fn bare_title(&self) -> Option<&str> {
        let title = self.keyed.title_norm.as_deref()?;
        Some(site_name::without(title, self.source_title.as_deref(), self.home.name()))
    }
}

/// An entry that is stored, of a story that the newcomer may be.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its story.
    pub story: i64,
    /// The entry's row.
    pub entry: i64,
    /// Its source.
    pub source: SourceId,
    /// Its source's name.
    pub source_title: Option<String>,
    /// Its link as it is compared within its source.
    pub link: Option<String>,
    /// Its link as it is compared across sources.
    pub canonical: Option<String>,
    /// Its title as it is compared.
    pub title_norm: Option<String>,
    /// Its publisher's id.
    pub guid: Option<String>,
    /// What it is made of.
    pub fingerprint: Fingerprint,
    /// The publisher's date.
    pub published: Option<Timestamp>,
    /// Its source's home.
    pub home: Home,
    /// Entries of its source with that link, itself included.
    pub link_shared_by: u32,
    /// Pages that the entries of its story link to.
    pub addresses: u32,
    /// Whether its story has an entry of the newcomer's source.
    pub has_entry_of_newcomers_source: bool,
}

/// What a newcomer is to a candidate.
#[derive(Debug, Clone, PartialEq)]
pub enum StoryMatch {
    /// The same story.
    Same {
        /// Why, with the measured likeness.
        because: String,
    },
    /// Another story about the same page: one comments on the other, or pretends to be it.
    Related {
        /// The page; `None` where it is not the newcomer that comments on it.
        url: Option<String>,
        /// Why it is not the same story.
        because: String,
    },
    /// Another story.
    Different {
        /// Why.
        because: String,
    },
}

/// Where a newcomer belongs.
#[derive(Debug, Clone, PartialEq)]
pub enum Placement {
    /// To a story that there is.
    Joins {
        /// The story.
        story: i64,
        /// The entry that it is like.
        entry: i64,
        /// Why.
        because: String,
    },
    /// To a story of its own.
    Begins {
        /// The page of another story that this one is about.
        related: Option<String>,
        /// Why it joins none of the candidates' stories, one sentence for each that was close.
        because: Vec<String>,
    },
}

/// Chooses the story that a newcomer joins: one with an entry that is the same story and with none that the newcomer only
/// comments on. Of several, the one whose entry is at home, else the one that began first.
pub fn place(newcomer: &Newcomer<'_>, candidates: &[Candidate]) -> Placement {
    let mut stories: BTreeMap<i64, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        stories.entry(candidate.story).or_default().push(candidate);
    }
    let mut joins: Vec<(bool, i64, i64, String)> = Vec::new();
    let mut related = None;
    let mut against = Vec::new();
    for (story, members) in stories {
        let mut found: Option<(bool, i64, String)> = None;
        // What is commented on never hides behind a short remark that could be either's; only what stands at home itself tells
        // that the long text beside it is its copy.
        let (mut comments, mut commented_on) = (false, false);
        for candidate in members {
            match same_story(newcomer, candidate) {
                StoryMatch::Same { because } => {
                    let away = !candidate.home.is_of(candidate.canonical.as_deref());
                    if found.as_ref().is_none_or(|(other_away, ..)| *other_away && !away) {
                        found = Some((away, candidate.entry, because));
                    }
                }
                StoryMatch::Related { url, because } => {
                    comments |= url.is_some();
                    commented_on |= url.is_none();
                    if let Some(url) = url {
                        related.get_or_insert(url);
                    }
                    against.push(because);
                }
                StoryMatch::Different { because } => against.push(because),
            }
        }
        if let Some((away, entry, because)) = found.filter(|(away, ..)| !(comments || commented_on && *away)) {
            joins.push((away, story, entry, because));
        }
    }
    if let Some((_, story, entry, because)) = joins.into_iter().min_by_key(|(away, story, ..)| (*away, *story)) {
        return Placement::Joins { story, entry, because };
    }
    against.sort();
    against.dedup();
    Placement::Begins { related, because: against }
}

/// Whether a newcomer is the same story as an entry of another source.
pub fn same_story(newcomer: &Newcomer<'_>, candidate: &Candidate) -> StoryMatch {
    if *newcomer.source == candidate.source {
        return different("it is another entry of the same source");
    }
    let same_link = newcomer.keyed.canonical.is_some() && newcomer.keyed.canonical == candidate.canonical;
    let same_title = newcomer.keyed.title_norm.is_some() && newcomer.keyed.title_norm == candidate.title_norm;
    if same_link && let Some(verdict) = by_link(newcomer, candidate, same_title) {
        return verdict;
    }
    if same_title || same_but_for_site_name(newcomer, candidate) {
        return by_text(newcomer, candidate, same_title);
    }
    different("neither link nor title is the same")
}

/// Whether the titles are the same when the names of the sources are taken off their ends.
fn same_but_for_site_name(newcomer: &Newcomer<'_>, candidate: &Candidate) -> bool {
    let Some((new, old)) = newcomer.keyed.title_norm.as_deref().zip(candidate.title_norm.as_deref()) else { return false };
    // The name of either source may stand behind either title: who copies keeps the name of whom it was copied from.
    let bare = |title| {
        let title = site_name::without(title, newcomer.source_title.as_deref(), newcomer.home.name());
        site_name::without(title, candidate.source_title.as_deref(), candidate.home.name())
    };
    bare(new) == bare(old)
}

/// What the same link proves; `None`: nothing, because many items of one source have it.
fn by_link(newcomer: &Newcomer<'_>, candidate: &Candidate, same_title: bool) -> Option<StoryMatch> {
    let canonical = candidate.canonical.as_deref()?;
    if address::is_root(canonical) {
        return None;
    }
    let shared = newcomer.keyed.shared.canonical || candidate.link_shared_by > 1;
    if shared && !same_title {
        return None;
    }
    let (here, there) = Home::at(&newcomer.home, &candidate.home, canonical);
    let (new, old) = (&newcomer.fingerprint, &candidate.fingerprint);
    let likeness = text_likeness(new, old);
    let alike = percent(likeness);
    let part = |link: Option<&'_ str>| link.and_then(address::part_of).map(str::to_owned);
    let (new_part, old_part) = (part(newcomer.keyed.link.as_deref()), part(candidate.link.as_deref()));
    // Two parts of one page are two posts, whatever they are called: "2.2" of a changelog, "No programme today" of a month.
    if new_part.is_some() && old_part.is_some() && new_part != old_part {
        return None;
    }
    // At home a part of a page is a comment or a version, and not what the page is about.
    let other_part = new_part != old_part && ((here && new_part.is_some()) || (there && old_part.is_some()));
    if other_part && !same_title && likeness < LIKE_THE_POST {
        return None;
    }
    // The newcomer comments on the candidate, or the candidate on the newcomer, which then names no page.
    let related = |url: Option<String>, because: String| Some(StoryMatch::Related { url, because });
    let page = || Some(newcomer.url.map_or_else(|| canonical.to_owned(), address::without_tracking));
    let both_speak = new.tokens().min(old.tokens()) >= COMMENTARY_TOKENS;
    if here && there && !same_title && both_speak && likeness < LIKE_THE_POST && !same_subject(new, old) {
        return related(page(), format!("same link, but another title, and texts are only {alike} % alike"));
    }
    let exact = address::same_page(newcomer.keyed.link.as_deref(), candidate.link.as_deref());
    if here && there && exact {
        return Some(same("same link, and both sources are at home there".to_owned()));
    }
    let link = if exact { "same link" } else { "links of one page" };
    if likeness >= LIKE_THE_POST {
        return Some(same(format!("{link}, and texts are {alike} % alike")));
    }
    // Away from home, a text that is long enough to stand alone and unlike what it links to is a commentary; where the
    // other one has the same title and no text there is nothing that it could be unlike, and a whole post is taken for it.
    let stands_alone = |print: &Fingerprint, at_home: bool, other: &Fingerprint| {
        let whole = same_title && other.tokens() < SAYS_NOTHING && print.tokens() >= WHOLE_TEXT && !print.other_people(other);
        !at_home && print.tokens() >= COMMENTARY_TOKENS && !whole
    };
    if stands_alone(new, here, old) {
        let words = new.tokens();
        let because = format!("{link}, but a commentary: {words} words of its own, {alike} % like the other's");
        // Whoever is at home there does not write about the page, it is the page.
        return related(page().filter(|_| !here), because);
    }
    if stands_alone(old, there, new) {
        let words = old.tokens();
        let because = format!("{link}, but the other entry is a commentary: {words} words of its own, {alike} % like this one's");
        return related(None, because);
    }
    if !exact && both_speak {
        return Some(different(format!("{link}, but texts are only {alike} % alike")));
    }
    if same_title {
        return Some(same(format!("{link} and same title")));
    }
    if !exact {
        return Some(different(format!("{link}, but another title")));
    }
    if !new.says_something() || !old.says_something() {
        return Some(same("same link, and one of the two says nothing else".to_owned()));
    }
    let apart = |because: String| if here { Some(different(because)) } else { related(page(), because) };
    match new.shared_subject(old) {
        Some(share) if share >= SAME_SUBJECT => {
            Some(same(format!("same link and same subject: {} % of a title's words are in both", percent(share))))
        }
        Some(share) => apart(format!("same link, but another subject: only {} % of a title's words are in both", percent(share))),
        None => apart("same link, but no title that shows what it is about".to_owned()),
    }
}

/// Whether one speaks of what the other is called.
fn same_subject(new: &Fingerprint, old: &Fingerprint) -> bool {
    new.shared_subject(old).is_some_and(|share| share >= SAME_SUBJECT)
}

/// What the same title proves: with a text that is the same but for details, that one is a copy of the other. `exact`:
/// the titles are equal as they stand, and not only without the names of their sources.
fn by_text(newcomer: &Newcomer<'_>, candidate: &Candidate, exact: bool) -> StoryMatch {
    let (new, old) = (&newcomer.fingerprint, &candidate.fingerprint);
    let title = newcomer.keyed.title_norm.as_deref().unwrap_or_default();
    let titles = if exact { "same title" } else { "same title but for the name of its source" };
    let words = new.tokens().min(old.tokens());
    if words < COMMENTARY_TOKENS {
        return different(format!("{titles}, but {words} words of text are too few to compare"));
    }
    if !names_something(title) {
        return different("same title, but it has no word: a version or a number is nobody's own");
    }
    if candidate.has_entry_of_newcomers_source {
        return different(format!("{titles}, but its source has an entry of that story already"));
    }
    if candidate.addresses >= MOST_ADDRESSES {
        return different(format!("{titles}, but that story stands on {} pages already", candidate.addresses));
    }
    if new.other_media(old) {
        return different(format!("{titles}, but other sound or picture files"));
    }
    let apart = candidate.published.zip(newcomer.keyed.published).map(|(a, b)| (a - b).num_hours().abs());
    if let Some(hours) = apart.filter(|hours| *hours > DAYS_APART.1 * 24) {
        return different(format!("{titles}, but published {} days apart", hours / 24));
    }
    let near = apart.is_some_and(|hours| hours <= DAYS_APART.0 * 24);
    let link_home = |link: Option<&str>| link.and_then(address::home_of);
    let one_site = link_home(newcomer.keyed.canonical.as_deref())
        .is_some_and(|home| Some(home) == link_home(candidate.canonical.as_deref()));
    let needed: f64 = match words {
        ..100 => 0.9,
        100..250 => 0.8,
        _ => 0.7,
    };
    // Two pages of one site are two pages; other people and other days are rather another post.
    let needed = if one_site {
        NEARLY_EQUAL
    } else if !near || !exact || new.other_people(old) {
        needed.max(0.9)
    } else {
        needed
    };
    let whole = new.likeness(old);
    if whole >= needed && whole < NEARLY_EQUAL && new.other_names(old) {
        return different(format!("{titles}, and texts are {} % alike, but each names what the other does not", percent(whole)));
    }
    if whole >= needed {
        return same(format!("{titles}, and texts are {} % alike ({} % needed)", percent(whole), percent(needed)));
    }
    let strangers = one_site || new.other_people(old);
    if let Some(alike) = (!strangers).then(|| part_likeness(new, old)).flatten()
        && (near || (words >= LONG_PART && apart.is_some()))
    {
        return same(format!("{titles}, and the shorter text is a beginning of the longer one ({} % of it)", percent(alike)));
    }
    different(format!("{titles}, but texts are only {} % alike ({} % needed)", percent(whole), percent(needed)))
}

/// How far the shorter text is a beginning of the longer; `None` where it is none. Two texts with one introduction have the
/// same opening too, and so the rest of the shorter has to stand in the longer as well, as far as that can be estimated.
fn part_likeness(new: &Fingerprint, old: &Fingerprint) -> Option<f64> {
    let opening = new.opening_likeness(old);
    let (overlap, sample) = new.overlap(old);
    let alike = if sample >= OVERLAP_SAMPLE { opening.min(overlap) } else { opening };
    let judged = sample >= OVERLAP_SAMPLE || new.tokens().min(old.tokens()) <= OPENING || (sample >= 3 && overlap >= 0.99);
    let (short, long) = (new.tokens().min(old.tokens()), new.tokens().max(old.tokens()));
    // A part says what the whole says, word by word; what was cut off may end in half a word.
    let verbatim = match new.words_of_its_own(old) {
        0 => true,
        1 => short < OPENING && long >= short + short / 2,
        _ => false,
    };
    (judged && verbatim && opening >= 0.9 && alike >= 0.85).then_some(alike)
}

/// How far one text is the other: as a whole, by its opening, or as a part of it.
fn text_likeness(new: &Fingerprint, old: &Fingerprint) -> f64 {
    let (overlap, sample) = new.overlap(old);
    let part = if sample >= OVERLAP_SAMPLE { overlap } else { 0.0 };
    new.likeness(old).max(new.opening_likeness(old)).max(part)
}

/// Whether a title has a word: three letters in a row, or one letter of a script whose words are that short.
fn names_something(title: &str) -> bool {
    title.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().count() >= 3 || !word.is_ascii())
}

fn same(because: String) -> StoryMatch {
    StoryMatch::Same { because }
}

fn different(because: impl Into<String>) -> StoryMatch {
    StoryMatch::Different { because: because.into() }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 1")]
fn percent(share: f64) -> u32 {
    (share * 100.0).round() as u32
}
