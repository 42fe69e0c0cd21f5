//! The table of fields: which elements fill each field, in which order, under which condition.
//!
//! The reader looks elements up in this table, and [`reference`] prints it for docs/reference.md.

use std::{fmt::Write as _, sync::LazyLock};

use super::{
    dialect::Namespace::{
        self, Atom, Content, Dc, DcTerms, Itunes, License, Media, Rdf, Redirector, Rss,
        Syndication, Xhtml,
    },
    field_kind::FieldKind as F,
};

/// A group of elements that fill one field equally well.
struct Row {
    namespaces: &'static [Namespace],
    /// Local names in lower case.
    names: &'static [&'static str],
    kind: F,
    /// The elements as the reference writes them.
    shown: &'static str,
    /// The condition under which they count; empty if there is none.
    condition: &'static str,
}

/// A field of an entry and its elements, the preferred ones first.
struct Field {
    name: &'static str,
    rows: &'static [Row],
    /// The members of JSON Feed that fill the field, in order.
    json: &'static str,
}

const fn row(
    namespaces: &'static [Namespace],
    names: &'static [&'static str],
    kind: F,
    shown: &'static str,
) -> Row {
    Row { namespaces, names, kind, shown, condition: "" }
}

impl Row {
    const fn when(self, condition: &'static str) -> Self {
        Self { condition, ..self }
    }
}

const OWN: &[Namespace] = &[Rss, Atom];
const DUBLIN_CORE: &[Namespace] = &[Dc, DcTerms];
const NO_TEXT: &str = "only if the item has no text of its own, and never within a picture";

/// The fields of an entry.
const FIELDS: &[Field] = &[
    Field {
        name: "title",
        rows: &[
            row(OWN, &["title"], F::Title(0), "`title`"),
            row(DUBLIN_CORE, &["title"], F::Title(2), "`dc:title`"),
            row(&[Itunes], &["title"], F::Title(4), "`itunes:title`"),
            row(&[Media], &["title"], F::MediaTitle, "`media:title`").when(NO_TEXT),
        ],
        json: "`title`",
    },
    Field {
        name: "content",
        rows: &[
            row(&[Content], &["encoded"], F::Content(0), "`content:encoded`"),
            row(&[Atom], &["content"], F::Content(1), "Atom `content`"),
            row(&[Rss], &["content", "encoded"], F::Content(1), "RSS `content`"),
            row(&[Xhtml], &["body", "div"], F::Content(2), "`xhtml:body`, `xhtml:div`"),
            row(
                &[Rss],
                &["body", "fullitem", "fulltext", "content_encoded"],
                F::Content(2),
                "`fulltext`, `fullitem`, `body`",
            ),
            row(&[Rss], &["description"], F::Description, "RSS `description`")
                .when("the content if there is no other, else the summary"),
            row(&[], &[], F::Unknown, "pictures of `media:content`")
                .when("appended, unless the text shows them; avatars are not"),
        ],
        json: "`content_html`, `content_text`",
    },
    Field {
        name: "summary",
        rows: &[
            row(&[], &[], F::Unknown, "RSS `description`").when("beside another content"),
            row(OWN, &["summary", "abstract"], F::Summary(1), "`summary`"),
            row(DUBLIN_CORE, &["description", "abstract"], F::Summary(2), "`dc:description`"),
            row(&[Itunes], &["summary", "description"], F::Summary(4), "`itunes:summary`"),
            row(&[Itunes], &["subtitle"], F::Summary(5), "`itunes:subtitle`"),
            row(OWN, &["subtitle", "tagline", "info"], F::Subtitle, "`subtitle`"),
            row(
                &[Media],
                &["description", "text"],
                F::MediaDescription,
                "`media:description`, `media:text`",
            )
            .when(NO_TEXT),
        ],
        json: "`summary`",
    },
    Field {
        name: "published",
        rows: &[
            row(OWN, &["pubdate", "published"], F::Published(0), "`pubDate`, `published`"),
            row(OWN, &["issued"], F::Published(1), "`issued`"),
            row(&[Dc, Rss], &["date"], F::Published(2), "`dc:date`"),
            row(
                &[DcTerms],
                &["issued", "date", "available"],
                F::Published(3),
                "`dcterms:issued`, `dcterms:available`",
            ),
            row(&[Atom, DcTerms, Rss], &["created"], F::Published(4), "`created`"),
            row(&[], &[], F::Unknown, "the date of the last change")
                .when("if there is no other valid date"),
        ],
        json: "`date_published`, `date_modified`",
    },
    Field {
        name: "updated",
        rows: &[
            row(OWN, &["updated", "modified"], F::Updated(0), "`updated`, `modified`"),
            row(&[Rss], &["lastbuilddate"], F::Updated(0), "`lastBuildDate`"),
            row(&[DcTerms], &["modified"], F::Updated(1), "`dcterms:modified`"),
        ],
        json: "`date_modified`",
    },
    Field {
        name: "authors",
        rows: &[
            row(OWN, &["author"], F::Author(0), "`author`"),
            row(&[Rss], &["managingeditor"], F::Author(0), "`managingEditor`"),
            row(DUBLIN_CORE, &["creator", "author"], F::Author(1), "`dc:creator`")
                .when("in RSS and RDF together with `author`, each person once"),
            row(&[Itunes], &["author"], F::Author(2), "`itunes:author`"),
            row(&[], &[], F::Unknown, "the authors of `source`, then of the feed"),
            row(DUBLIN_CORE, &["publisher"], F::Author(3), "`dc:publisher`"),
            row(&[Rss], &["webmaster"], F::Author(3), "`webMaster`"),
            row(&[Itunes], &["owner"], F::Author(3), "`itunes:owner`"),
            row(&[Atom, Rss, Dc, DcTerms], &["contributor"], F::Author(4), "`contributor`"),
        ],
        json: "`authors`, `author`",
    },
    Field {
        name: "link",
        rows: &[
            row(&[Redirector], &["origlink"], F::OriginalLink, "`feedburner:origLink`"),
            row(OWN, &["link", "redirect"], F::Link, "`link`")
                .when("an alternate one: HTML, then without a type, then another"),
            row(&[], &[], F::Unknown, "an id that is a permalink"),
            row(&[Rss], &["url", "uri"], F::FallbackLink, "`url`, `content` with `src`"),
            row(&[], &[], F::Unknown, "the first enclosure"),
        ],
        json: "`url`, `external_url`, the first attachment",
    },
    Field {
        name: "id",
        rows: &[
            row(&[Rss], &["guid"], F::Id, "`guid`"),
            row(&[Atom], &["id"], F::Id, "Atom `id`"),
            row(&[], &[], F::Unknown, "`rdf:about`"),
            row(&[Rss], &["id"], F::FallbackId, "`id`"),
            row(DUBLIN_CORE, &["identifier"], F::FallbackId, "`dc:identifier`"),
        ],
        json: "`id`",
    },
    Field {
        name: "image",
        rows: &[
            row(&[Media], &["thumbnail"], F::Thumbnail, "`media:thumbnail`"),
            row(&[Rss, Itunes], &["image"], F::Image, "`itunes:image`, `image`")
                .when("the first of these; avatars are not"),
            row(&[Media], &["content"], F::MediaContent, "a picture of `media:content`"),
            row(&[], &[], F::Unknown, "an enclosure that is a picture")
                .when("beside a sound or film"),
        ],
        json: "`image`, `banner_image`",
    },
    Field {
        name: "enclosures",
        rows: &[
            row(&[Rss], &["enclosure"], F::Enclosure, "`enclosure`, `link` with `rel=enclosure`"),
            row(&[Media], &["group"], F::MediaGroup, "sounds and films of `media:content`")
                .when("each file once, with the length that any of them states"),
        ],
        json: "`attachments`",
    },
    Field {
        name: "categories",
        rows: &[
            row(OWN, &["category"], F::Category, "`category`"),
            row(DUBLIN_CORE, &["subject"], F::Subject, "`dc:subject`"),
            row(&[Itunes], &["category"], F::ItunesCategory, "`itunes:category`"),
            row(
                &[Itunes, Media],
                &["keywords"],
                F::Keywords,
                "`itunes:keywords`, `media:keywords`",
            ),
            row(&[Rss], &["keywords", "tags"], F::Keywords, "`keywords`, `tags`"),
            row(&[Media], &["category"], F::Subject, "`media:category`").when("all of them"),
        ],
        json: "`tags`",
    },
    Field {
        name: "rights",
        rows: &[
            row(OWN, &["copyright"], F::Rights(0), "`copyright`"),
            row(&[Atom], &["rights"], F::Rights(0), "Atom `rights`"),
            row(DUBLIN_CORE, &["rights"], F::Rights(1), "`dc:rights`"),
            row(&[Media], &["copyright"], F::Rights(2), "`media:copyright`"),
        ],
        json: "",
    },
    Field {
        name: "license",
        rows: &[
            row(&[], &[], F::Unknown, "Atom `link rel=\"license\"`"),
            row(&[License], &["license"], F::License, "`creativeCommons:license`, `cc:license`"),
        ],
        json: "",
    },
    Field {
        name: "language",
        rows: &[
            row(&[Rss, Dc, DcTerms], &["language"], F::Language, "`language`, `dc:language`"),
            row(&[], &[], F::Unknown, "`xml:lang`"),
        ],
        json: "`language`",
    },
];

/// Elements that are no field of an entry.
const STRUCTURE: &[Row] = &[
    row(OWN, &["item", "entry"], F::Item, ""),
    row(&[Rss], &["rss", "channel", "items", "rdf"], F::Wrapper, ""),
    row(&[Rdf], &["rdf", "seq", "li"], F::Wrapper, ""),
    row(&[Atom], &["feed"], F::Wrapper, ""),
    row(OWN, &["source"], F::Source, ""),
    row(&[Atom], &["logo"], F::Logo, ""),
    row(&[Atom], &["icon"], F::Icon, ""),
    row(&[Rss], &["ttl"], F::Ttl, ""),
    row(&[Rss], &["skiphours"], F::SkipHours, ""),
    row(&[Rss], &["skipdays"], F::SkipDays, ""),
    row(&[Syndication], &["updateperiod"], F::UpdatePeriod, ""),
    row(&[Syndication], &["updatefrequency"], F::UpdateFrequency, ""),
];

/// The elements of the tables, sorted by name.
static INDEX: LazyLock<Vec<(&str, Namespace, F)>> = LazyLock::new(|| {
    let rows = FIELDS.iter().flat_map(|field| field.rows).chain(STRUCTURE);
    let mut index: Vec<_> = rows
        .flat_map(|row| {
            let of = move |name| row.namespaces.iter().map(move |ns| (name, *ns, row.kind));
            row.names.iter().copied().flat_map(of)
        })
        .collect();
    index.sort_by_key(|(name, namespace, _)| (*name, *namespace));
    index
});

/// Returns the meaning of an element by its namespace and its local name in lower case.
pub(super) fn classify_element(namespace: Namespace, local: &str) -> F {
    INDEX
        .binary_search_by_key(&(local, namespace), |(name, ns, _)| (*name, *ns))
        .map_or(F::Unknown, |at| INDEX[at].2)
}

/// Returns the table of fields as Markdown.
pub(crate) fn reference() -> String {
    let mut out =
        "| field | elements, the preferred ones first | JSON Feed |\n| --- | --- | --- |\n"
            .to_owned();
    for Field { name, rows, json } in FIELDS {
        let elements: Vec<String> = rows
            .iter()
            .map(|row| match row.condition {
                "" => row.shown.to_owned(),
                condition => format!("{} ({condition})", row.shown),
            })
            .collect();
        let _ = writeln!(out, "| {name} | {} | {json} |", elements.join("; "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_one_meaning() {
        for pair in INDEX.windows(2) {
            assert!((pair[0].0, pair[0].1) < (pair[1].0, pair[1].1), "{:?}", pair[0]);
        }
        assert_eq!(classify_element(Rss, "description"), F::Description);
        assert_eq!(classify_element(Media, "description"), F::MediaDescription);
        assert_eq!(classify_element(Media, "credit"), F::Unknown);
    }
}
