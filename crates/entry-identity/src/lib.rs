//! Entry keys, aliases, content hash, same story or not, each with its reason (layer 1).
//!
//! Two questions are kept apart. *Within a source*: is this item an entry that the source had
//! before ([`identify_items`], [`match_entries`])? *Across sources*: is this entry a story that
//! another source carries ([`choose_story`])? Entries are keyed by (source, key), never by an id
//! alone: readers that trust ids across sources let one feed overwrite or hide another's post (RFC
//! 4287 §8.4). Nothing is deleted as a duplicate; entries are grouped, and every decision is a
//! sentence that is stored.
//!
//! Deliberately absent: a clock, a database (look-ups come through [`KnownEntries`] and
//! [`Candidate`]), and merging of stories that stand already: what was published twice stays so,
//! because a published id never changes.
//!
//! # Within a source
//!
//! The key is the publisher's id, kept exactly; else the link; else a digest of title and date;
//! else one of all that is said. What two items of a document share is a key for neither, whatever
//! their order. When at least 3 and more than 5 % of a document's ids are blank or repeated, the
//! source's ids are distrusted for good ([`KeyPolicy::Link`]): a window that happens to hold only
//! good ones proves nothing. So are they when three of a document name other posts than before:
//! what they named stands elsewhere in it, or link, title, text and day are other ones. They are
//! places in the document ("item-0") then, or numbers that began again. An item that stands in a
//! document twice is taken once: in two versions, under two ids, under `http` and `https`.
//!
//! An item whose key is unknown is looked for under other names, from the certain to the likely, an
//! entry being claimed by at most one item: by an id that was a key before the ids were distrusted;
//! by the id without scheme, host and tracking (another host is believed only with the same title:
//! two blogs in one planet both have a `?p=12`); by the link, where one stored entry and one item
//! have it; by title, text and date (a text of 48 words without files may be dated up to 14 hours
//! off, as when a zone is corrected, or not at all); by title and path on another host; by its
//! moment: to the second, if that is no full quarter of an hour, with the title, with a text of 8
//! words, or without id and link; else with a text of 48 words; and, where at least three items are
//! known again under other names, half of what seems new among them, by title and text or title and
//! day, for a new CMS. A link alone is not believed where id, title, text and day are all other
//! ones, unless the text has 48 words and is the same, or the publisher's ids are links with the
//! number of a revision: a page may show another post every day.
//!
//! # Across sources
//!
//! *Where a source is at home.* At the site that it is followed at, and at the site that its
//! document names as its page, as long as no source that is followed at that site itself speaks of
//! the same page ([`SourceSite`]): feeds on a service for feeds have to make that claim, and
//! forgers can.
//!
//! *By link.* The canonical links are equal, name a page and not a site, and are not shared by
//! several entries of one source (unless the titles are equal too); two different parts of one page
//! (`#v1`, `#v2`) are two posts whatever they are called. Two sources that are both at home there
//! agree, unless title, subject and texts of 48 words are other ones. Otherwise an item away from
//! home with 48 words, less than half of which stand in the post, is a commentary: a story of its
//! own that names the post as related, whichever of the two comes first. So is one that has 48
//! words of its own and marks what it quotes, or begins with them and quotes less than three
//! quarters of the post, at whatever length. Where the other one has the same title and nothing to
//! say (fewer than 10 words), 250 words are taken for the post itself. With fewer words it joins if
//! it speaks of the same subject: the same title, or a third of a title's meaningful words found in
//! the other's title or opening, or nothing said at all. An item with a copied link and a title and
//! text of something else therefore neither joins nor hides the original; nor does a copied id,
//! which is not looked at. A post does not join a story through a third entry when that story holds
//! a commentary on it.
//!
//! *By links of one page.* Mobile and AMP editions, AMP caches, index files, session ids, referrers
//! and the order of parameters are folded away (the module `page`); what a registry hands out never
//! is. Links that are equal by folding alone prove nothing without the text (half alike) or, where
//! one of the two has no text to compare, the title: a post may be called `amp`.
//!
//! *By text.* The titles are related, both texts have at least 48 words without what publishing
//! programs add to them, and they are alike. Titles are related when they are equal; when they are
//! but for pictures, or for the name of a source or an author before or behind one of them; or when
//! the whole of one stands at the beginning or end of the other, with at most eight words more and
//! no number among them (`titles`). A word must be in them that is somebody's own: "Bugfix release
//! 1.2.3" and "Episode 12" are nobody's. A title tells something if three of its words mean
//! something.
//!
//! Texts must be 90 % alike below 100 words, 80 % below 250, 70 % above; 90 % where a date is
//! unknown or dates are more than three days apart, the titles are equal but for a name, or the
//! authors are other people; 95 % for two pages of one site, and where one title stands within the
//! other. Days between need a title that tells something; where one title stands within the other
//! there may be none, and an unknown date needs such a title. Never where dates are more than 45
//! days apart, where the attached sound or film files are other ones, where the source has an entry
//! of the story, or where that stands on four pages already (16, for a long text that is hardly
//! changed within days). Two that filled in one form are told by their openings: below 95 %, and on
//! two pages of one site, neither may name what the other does not; above, each its own source. And
//! two texts below 400 words of one length (but for three words), each with a number or a name that
//! the other has not, are forms that were filled in otherwise: a copy is cut, has something added,
//! or was edited in other words.
//!
//! A part joins when it is word by word the beginning of the other text, within three days (or 45,
//! if it has 100 words; or without a date, if the title tells something).
//!
//! *By moment.* Two posts hardly ever have one second, if that is no full quarter of an hour, and
//! copies keep their date. With the same second nothing of the above needs more than its first
//! figure; and under the same title, if four of its words mean something, 24 words that are the
//! same are enough, on pages of two sites.
//!
//! Twins are found by index, never by comparing everything: the first 80 entries with the link, the
//! newest 80 with the title, and the newest 80 with a mark of the text in common (the smallest hash
//! of its opening, and of all of it, which two texts share with the probability of their
//! similarity) are looked at, and the 24 nearest of other sources compared, whatever number is
//! stored. What a person parted is not compared again. A story that is gone takes its copies with
//! it: they join it and are published nowhere. Where several stories would do, the one with the
//! same link is taken.
//!
//! # Evidence
//!
//! The best published study of duplicates in feeds (that of the `reader` library, over years of one
//! person's feeds) finds: the title is the best signal, the date is good, links are mixed, equal
//! text alone is not enough; fuzzy titles and "same day" were tried and dropped because they merged
//! different posts; texts below 48 words and groups above 4 are where wrong merges come from;
//! thresholds of 0.6 to 0.9 by length hold. Podcasts with one set of show notes, comics without
//! text, release notes and status feeds are the known traps, and each has a test here.
//! Half-repeated ids and one home-page link for all items are common enough that several readers
//! carry special cases for them. A trial with 88 captured feeds (1,763 items in a dozen languages),
//! and planets, news boards and syndicators made of each: what was joined wrongly were parts of one
//! page under one title, which is how that rule came about; since then nothing was. Of pairs with
//! one link 99.7 % are found; of copies of 60 words and more, whole ones, beginnings, with names
//! and words beside their titles, with a line of the copier's, between 94 and 99 % of a kind; of
//! shorter ones 58 %, by their moments.
//!
//! # Known limits
//!
//! A miss is better than a wrong merge, so these are missed: copies with fewer than 48 words under
//! another link, unless they keep a telling title and the second; copies whose title was put
//! otherwise; reposts after 45 days; a hand-written summary away from home of 48 words or more
//! under the post's link; a short remark that names nothing of the post; a link equal by folding
//! alone with another title; a beginning without a date under a title of a word or two; a copy
//! whose opening has other names and whose text is less than 95 % alike; a copy below 400 words in
//! which a number or a name was corrected and nothing added. Scripts without capitals show no
//! names. And this is merged that need not be one: a text of 48 words that names nobody, put up by
//! two sites under one title within three days, as are forms of notices that a service lends out.
//! Two stories that stand already stay two, when a third entry turns out to be both. Within a
//! source: an item without id, link and date whose text is edited is new; so is one without id and
//! link whose title and text were edited, if it is dated with a quarter of an hour; so is one of a
//! rewritten document with fewer than three items in which titles or texts changed too; so is a
//! post that moved alone, with its date and text edited at once. Of items whose titles differ in
//! punctuation alone ("v1.11", "v1.1.1") and have nothing else, one is announced again when the
//! other comes. A date is stored once, unless it becomes more exact or lay ahead. A source with
//! one-item documents and one id for everything cannot be told from a post that is edited. Of a
//! link that quotes, what is quoted counts towards its 48 words. The list of tracking parameters is
//! part of every canonical link. Entries that were stored by older rules keep their links as those
//! compared them, and are found by them; such of before the marks of texts are found by link and
//! title alone. Which of two carriers came first gives a story its published id: an empty directory
//! that is fed in another order tells the same stories under other ids.

mod boilerplate;
mod canonical_url;
mod content_hash;
mod entry_key;
mod entry_match;
mod fingerprint;
mod in_feed_duplicates;
mod link_match;
mod normalised_text;
mod published_id;
mod reason;
mod representative;
mod salient_tokens;
mod source_site;
mod story_match;
mod text_match;
mod timestamp_match;
mod title_match;
mod url_variants;

pub use canonical_url::{canonical_link, canonical_link_with_fragment, guid_alias, site_of};
pub use content_hash::known_text;
pub use entry_key::{
    Ambiguous, EntryIdentity, KeyFrom, KeyPolicy, UnknownKeyPolicy, identify_items,
};
pub use entry_match::{
    EntryMatch, EntryMatches, KnownEntries, KnownEntry, KnownText, match_entries,
};
pub use fingerprint::{Fingerprint, MIN_COMMENTARY_TOKENS};
pub use published_id::published_id;
pub use reason::{CopyObjection, EntryMatchReason, LinkRelation, StoryMatchReason};
pub use representative::{
    MAX_UPDATES, RepresentativeCandidate, choose_representative, initial_updated, next_updated,
    story_date,
};
pub use source_site::SourceSite;
pub use story_match::{
    Candidate, Commentary, CommentaryEntry, IncomingEntry, Placement, StoryDecision, StoryMatch,
    choose_story, same_story,
};
pub use title_match::TitleRelation;
