//! What is measured of an entry and an entry of another source.

use super::{
    Candidate, Fingerprint, IncomingEntry, SourceSite, canonical_url,
    text_edits::TextEdits,
    thresholds::{
        COPY_SIMILARITY, DISTINCTIVE_TITLE_WORDS, ESTIMATE_ERROR, FULL_CONTAINMENT,
        FULL_TEXT_TOKENS, HIGH_CONTAINMENT, MIN_EXCERPT_SAMPLE, MIN_MEANINGFUL_TOKENS, MIN_SAMPLE,
        MIN_SIMILARITY_OF_EDITED_TEXT, MIN_TEXT_TOKENS, NEAR_HOURS, NEAR_OPENING_TOKENS,
        RELIABLE_SAMPLE, SAME_TEXT_SIMILARITY,
    },
    timestamp_match,
    title_match::{self, NamesBesideTitle, TitleRelation},
};

/// What the links of two entries prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing: they differ, or name a whole site, a page with many entries, or parts of a page.
    Nothing,
    /// They are variants of one address, such as the mobile and the desktop edition.
    Variants,
    /// They are one address, apart from scheme, `www.`, tracking parameters and fragment.
    Same,
}

/// The measurements of an incoming and a stored entry.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is one measurement")]
pub(super) struct StoryEvidence {
    pub same_source: bool,
    pub link: Link,
    /// Whether the incoming entry comes from the site that the link leads to, and the stored one.
    pub owns_link: [bool; 2],
    /// Whether the incoming entry, from another site than that of the link, is long enough to be a
    /// commentary and shows no sign of being the post, and the stored one.
    pub may_comment: [bool; 2],
    /// The entry from another site than that of the link quotes the other.
    pub quotes: bool,
    /// Similarity of the texts as far as it shows whether one comments on the other.
    pub shared: f64,
    /// Share of a title's content words that the other entry has; `None` without such words.
    pub subject: Option<f64>,
    /// Both have a text or a title with content words.
    pub both_have_words: bool,
    pub title: TitleRelation,
    /// The title has a word besides numbers and words of versions.
    pub distinctive_title: bool,
    /// Number of content words of the shorter title.
    pub title_words: usize,
    /// Numbers of words of the two texts.
    pub words: [u32; 2],
    /// Similarity of the texts.
    pub similarity: f64,
    /// The differences of the texts, word by word; `None` if they were not compared so.
    pub edits: Option<TextEdits>,
    /// Each opening has a word that the other lacks.
    pub own_opening_words: bool,
    /// Share of the shorter text in the longer one, if it is the beginning of it.
    pub beginning: Option<f64>,
    pub hours_apart: Option<i64>,
    /// Both were published in the same second, not on a full quarter of an hour.
    pub same_second: bool,
    /// Both pages are on one site.
    pub same_site: bool,
    pub other_authors: bool,
    pub other_files: bool,
    /// The story of the stored entry has an entry of the incoming entry's source.
    pub source_in_story: bool,
    /// Number of pages that its story links to.
    pub pages: u32,
}

impl StoryEvidence {
    pub fn of(incoming: &IncomingEntry<'_>, candidate: &Candidate) -> Self {
        let (new, old) = (&incoming.fingerprint, &candidate.fingerprint);
        let title = title_relation(incoming, candidate);
        let canonical = candidate.canonical.as_deref().unwrap_or_default();
        let (owns_new, owns_old) =
            SourceSite::link_ownership(&incoming.site, &candidate.site, canonical);
        let has_link = incoming.has_link_of(candidate);
        let shared = if has_link { shared_text((new, owns_new), (old, owns_old)) } else { 0.0 };
        let link = link(incoming, candidate, title == TitleRelation::Same, shared);
        let similarity = new.similarity(old);
        let is_related = title != TitleRelation::Different;
        let (published, stored) = (incoming.identity.published, candidate.published);
        let site = |link: Option<&str>| link.and_then(canonical_url::site_of);
        let sites =
            [site(incoming.identity.canonical.as_deref()), site(candidate.canonical.as_deref())];
        let incoming_guid = incoming.identity.guid.as_deref();
        // If neither source publishes on the linked site, an entry that keeps the id of the post is
        // the post: a planet keeps ids, and a commentary has its own.
        let has_guid_of_post = |guid: Option<&str>| {
            !owns_new && !owns_old && guid.is_some_and(|id| guid_belongs_to_site(id, canonical))
        };
        let may_comment = |text: &Fingerprint, owns: bool, other: &Fingerprint, guid| {
            let is_full_post = title == TitleRelation::Same
                && other.tokens() < MIN_MEANINGFUL_TOKENS
                && text.tokens() >= FULL_TEXT_TOKENS
                && !text.has_disjoint_authors(other);
            !owns && text.tokens() >= MIN_TEXT_TOKENS && !is_full_post && !has_guid_of_post(guid)
        };
        Self {
            same_source: *incoming.source == candidate.source,
            link,
            owns_link: [owns_new, owns_old],
            may_comment: [
                may_comment(new, owns_new, old, incoming_guid),
                may_comment(old, owns_old, new, candidate.guid.as_deref()),
            ],
            quotes: has_link
                && ((owns_old && !owns_new && quotes(new, old))
                    || (owns_new && !owns_old && quotes(old, new))),
            shared,
            subject: new.subject_overlap(old),
            both_have_words: new.has_words() && old.has_words(),
            title,
            distinctive_title: incoming
                .identity
                .title_norm
                .as_deref()
                .is_some_and(title_match::is_distinctive),
            title_words: new.title_word_count().min(old.title_word_count()),
            words: [new.tokens(), old.tokens()],
            similarity,
            edits: new.all_words().zip(old.all_words()).and_then(|(new, old)| {
                (is_related && similarity >= MIN_SIMILARITY_OF_EDITED_TEXT)
                    .then(|| TextEdits::between(new, old))
            }),
            own_opening_words: is_related && new.each_opening_has_own_words(old),
            beginning: is_related.then(|| beginning(new, old)).flatten(),
            hours_apart: published.zip(stored).map(|(new, old)| (new - old).num_hours().abs()),
            same_second: timestamp_match::is_same_second(published, stored),
            same_site: sites[0].is_some() && sites[0] == sites[1],
            other_authors: new.has_disjoint_authors(old),
            other_files: new.has_disjoint_media(old),
            source_in_story: candidate.has_entry_of_same_source,
            pages: candidate.page_count,
        }
    }

    pub fn shorter(&self) -> u32 {
        self.words[0].min(self.words[1])
    }

    pub fn is_short(&self) -> bool {
        self.shorter() < MIN_TEXT_TOKENS
    }

    pub fn is_near_in_time(&self) -> bool {
        self.hours_apart.is_some_and(|hours| hours <= NEAR_HOURS)
    }

    pub fn has_distinctive_titles(&self) -> bool {
        self.title_words >= DISTINCTIVE_TITLE_WORDS
    }

    /// Returns the similarity of copies of this length.
    pub fn similarity_of_copies(&self) -> f64 {
        let [short, medium, long] = COPY_SIMILARITY;
        match self.shorter() {
            ..100 => short,
            100..250 => medium,
            _ => long,
        }
    }
}

fn title_relation(incoming: &IncomingEntry<'_>, candidate: &Candidate) -> TitleRelation {
    let titles = incoming.identity.title_norm.as_deref().zip(candidate.title_norm.as_deref());
    let Some((new, old)) = titles else {
        return TitleRelation::Different;
    };
    let sources = [incoming.source_names.clone(), candidate.source_names()].concat();
    let is_author = |name: &str| {
        incoming.fingerprint.has_author(name) || candidate.fingerprint.has_author(name)
    };
    title_match::relation(new, old, &NamesBesideTitle { sources, is_author: &is_author })
}

fn link(
    incoming: &IncomingEntry<'_>,
    candidate: &Candidate,
    same_title: bool,
    shared: f64,
) -> Link {
    let Some(canonical) =
        candidate.canonical.as_deref().filter(|_| incoming.has_link_of(candidate))
    else {
        return Link::Nothing;
    };
    let is_shared = incoming.identity.ambiguous.canonical || candidate.entries_with_link > 1;
    let links = [incoming.identity.link.as_deref(), candidate.link.as_deref()];
    let parts = links.map(|link| link.and_then(canonical_url::fragment_of));
    // Two parts of one page are two posts even under one title, such as "2.2" of a changelog or "No
    // programme today" of a calendar.
    let other_parts = parts[0].is_some() && parts[1].is_some() && parts[0] != parts[1];
    // On its own site, a part of a page is a comment or a version, and not the page's subject.
    let (owns_new, owns_old) =
        SourceSite::link_ownership(&incoming.site, &candidate.site, canonical);
    let is_part_at_home = parts[0] != parts[1]
        && ((owns_new && parts[0].is_some()) || (owns_old && parts[1].is_some()));
    if canonical_url::is_site_root(canonical)
        || (is_shared && !same_title)
        || other_parts
        || (is_part_at_home && !same_title && shared < SAME_TEXT_SIMILARITY)
    {
        Link::Nothing
    } else if canonical_url::same_page(links[0], links[1]) {
        Link::Same
    } else {
        Link::Variants
    }
}

/// Returns how similar the text of a source away from the linked site is to the other text.
///
/// Each text comes with whether its source owns the link. A commentary may quote at length: it is a
/// commentary as long as more than half of it is its own text.
fn shared_text(
    (new, new_owns): (&Fingerprint, bool),
    (old, old_owns): (&Fingerprint, bool),
) -> f64 {
    match (new_owns, old_owns) {
        (false, true) => text_share(new, old),
        (true, false) => text_share(old, new),
        _ => text_share(new, old).max(text_share(old, new)),
    }
}

/// Returns whether an id was given by the site of this link: it is an address there, or a `tag:` of
/// its domain (RFC 4151).
fn guid_belongs_to_site(guid: &str, link: &str) -> bool {
    let authority = guid.strip_prefix("tag:").and_then(|rest| rest.split([',', '/', ':']).next());
    let site = match authority {
        Some(authority) => canonical_url::site_of(&format!("https://{authority}/")),
        None => canonical_url::site_of(guid),
    };
    site.is_some() && site == canonical_url::site_of(link)
}

/// Returns whether a text quotes the post and adds enough words of its own to stand alone.
///
/// Either everything that it shares with the post is marked as quoted, or it begins with its own
/// words and contains only a part of the post. A copy begins as the post does, or contains most of
/// it.
fn quotes(text: &Fingerprint, post: &Fingerprint) -> bool {
    let ((shared, _), (contained, _)) = (text.containment(post), post.containment(text));
    let own_tokens = f64::from(text.tokens()) * (1.0 - shared);
    let quoted = text.quoted_ratio();
    let is_marked = quoted > 0.0 && shared <= quoted + ESTIMATE_ERROR;
    let begins_with_own_words = shared < FULL_CONTAINMENT
        && contained < HIGH_CONTAINMENT
        && text.opening_similarity(post) < SAME_TEXT_SIMILARITY;
    own_tokens >= f64::from(MIN_TEXT_TOKENS) && (is_marked || begins_with_own_words)
}

/// Returns the share of a text that the post has too. A longer text that contains nearly the whole
/// post has the share of the post instead.
fn text_share(text: &Fingerprint, post: &Fingerprint) -> f64 {
    let opening = text.opening_similarity(post);
    let is_short = text.fits_in_opening() || post.fits_in_opening();
    // A share that is estimated from few shingles must be confirmed by the openings.
    let share_of_shorter = |(share, sample): (f64, usize)| match sample {
        ..MIN_SAMPLE if !is_short && opening < FULL_CONTAINMENT => 0.0,
        ..MIN_SAMPLE => opening,
        MIN_SAMPLE..RELIABLE_SAMPLE if share < HIGH_CONTAINMENT => 0.0,
        MIN_SAMPLE..RELIABLE_SAMPLE => share.min(opening),
        _ => share,
    };
    let shorter = share_of_shorter(text.overlap(post)).max(if is_short { opening } else { 0.0 });
    if text.tokens() <= post.tokens() {
        return shorter;
    }
    let (own_share, _) = text.containment(post);
    if shorter >= FULL_CONTAINMENT { shorter } else { own_share }
}

/// Returns the share of the shorter text that is in the longer one; `None` if the shorter text is
/// not the beginning of the longer one.
///
/// Two texts with one introduction have the same opening. The rest of the shorter text must
/// therefore be in the longer one too, as far as that can be estimated.
fn beginning(new: &Fingerprint, old: &Fingerprint) -> Option<f64> {
    let opening = new.opening_similarity(old);
    let (overlap, sample) = new.overlap(old);
    let share = if sample >= MIN_EXCERPT_SAMPLE { opening.min(overlap) } else { opening };
    let is_reliable = sample >= MIN_EXCERPT_SAMPLE
        || new.tokens().min(old.tokens()) <= NEAR_OPENING_TOKENS
        || (sample >= 3 && overlap >= 0.99);
    let (short, long) = (new.tokens().min(old.tokens()), new.tokens().max(old.tokens()));
    // An excerpt repeats the text word by word. It may end in half a word where it was cut off.
    let is_verbatim = match new.extra_opening_words(old) {
        0 => true,
        1 => short < NEAR_OPENING_TOKENS && long >= short + short / 2,
        _ => false,
    };
    (is_reliable && is_verbatim && opening >= 0.9).then_some(share)
}
