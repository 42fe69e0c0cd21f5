//! Kinds of sites as they really are: one small page of our own for each.

use feed_model::Headers;
use site_discovery::{
    Page, PageMetadata, detect_bot_challenge, feed_links, read_index_page, read_page_metadata,
    sitemap_links, suggest_selectors,
};
use url::Url;

/// A post of an index page: its date or `-`, its path and its title.
type Row = (String, String, String);

fn rows(address: &str, body: &str) -> Vec<Row> {
    let html = format!("<!DOCTYPE html><html lang=en><head><title>A</title></head><body>{body}");
    let url = Url::parse(address).unwrap();
    let page = Page { url: &url, headers: &Headers::new(), html: &html };
    let drafts = read_index_page(&page, None).map(|index| index.drafts).unwrap_or_default();
    let row = |draft: &feed_model::Draft| {
        (
            draft.published.map_or("-".to_owned(), |d| d.at.format("%Y-%m-%d").to_string()),
            draft.url.as_ref().unwrap().path().to_owned(),
            draft.title.clone().unwrap_or_default(),
        )
    };
    drafts.iter().map(row).collect()
}

fn titles(address: &str, body: &str) -> Vec<String> {
    rows(address, body).into_iter().map(|(_, _, title)| title).collect()
}

fn dates(address: &str, body: &str) -> Vec<String> {
    rows(address, body).into_iter().map(|(date, ..)| date).collect()
}

fn summaries(body: &str) -> Vec<Option<String>> {
    let html = format!("<!DOCTYPE html><html lang=en><head><title>A</title></head><body>{body}");
    let url = Url::parse("https://boats.example/").unwrap();
    let page = Page { url: &url, headers: &Headers::new(), html: &html };
    let drafts = read_index_page(&page, None).unwrap().drafts;
    drafts.iter().map(|d| d.summary.as_ref().map(|s| feed_parser::plain_text(s.as_str()))).collect()
}

fn head(address: &str, head: &str, body: &str) -> PageMetadata {
    let html =
        format!("<!DOCTYPE html><html lang=en><head>{head}</head><body>{body}</body></html>");
    let url = Url::parse(address).unwrap();
    read_page_metadata(&Page { url: &url, headers: &Headers::new(), html: &html }, false)
}

#[test]
fn links_that_end_in_index_html_are_posts_like_others() {
    let body = "<div><h3>Top</h3><ul><li><h4><a href=keel-laid-at-dawn/index.html>Keel laid at \
                dawn</a></h4></li><li><h4><a href=a-mast-for-two/index.html>A mast for two</a></h4>\
                </li><li><h4><a href=oars-and-rowlocks/index.html>Oars and rowlocks</a></h4></li>\
                </ul></div>";
    assert_eq!(
        titles("https://boats.example/", body),
        ["Keel laid at dawn", "A mast for two", "Oars and rowlocks"]
    );
}

#[test]
fn a_headline_above_the_list_is_a_post_of_the_list() {
    let item = |n: u32, title: &str| {
        let slug = title.to_lowercase().replace(' ', "-");
        format!("<li><h4><a href=/{slug}-{n}/index.html>{title}</a></h4></li>")
    };
    let body = format!(
        "<div class=headline><h3><a href=/keel-laid-at-dawn-7/index.html>Keel laid at dawn</a></h3>\
         </div><div class=more><h3>More</h3><ul>{}{}{}</ul></div>",
        item(1, "A mast for two"),
        item(2, "Oars and rowlocks"),
        item(3, "The long tow home")
    );
    assert_eq!(titles("https://boats.example/", &body).len(), 4);
}

#[test]
fn undated_short_titles_at_the_root_are_posts_if_their_urls_repeat_them() {
    let body = "<h1>Posts</h1><ul><li><p><a href=/wet-sails>Wet Sails</a></p></li><li><p><a \
                href=/two-oars>Two Oars</a></p></li><li><p><a href=/tar-and-rope>Tar and Rope</a>\
                </p></li><li><p><a href=/dry-dock>Dry Dock</a></p></li></ul>";
    assert_eq!(
        titles("https://boats.example/", body),
        ["Wet Sails", "Two Oars", "Tar and Rope", "Dry Dock"]
    );
}

#[test]
fn months_are_titles_only_where_nothing_else_is_listed() {
    let letter = "<main><h2>A monthly letter</h2><ul><li><a href=/letter/1/>June 2026</a></li><li>\
                  <a href=/letter/2/>May 2026</a></li><li><a href=/letter/3/>April 2026</a></li>\
                  </ul></main>";
    assert_eq!(titles("https://boats.example/", letter), ["June 2026", "May 2026", "April 2026"]);
    assert_eq!(dates("https://boats.example/", letter)[0], "2026-06-01");
    let archive = "<main><ul><li><a href=/archives/2026-06>June 2026</a></li><li><a \
                   href=/archives/2026-05>May 2026</a></li><li><a href=/archives/2026-04>April \
                   2026</a></li></ul></main>";
    assert_eq!(titles("https://boats.example/", archive), [] as [&str; 0]);
}

#[test]
fn a_title_may_end_in_a_date_and_an_own_date_beats_it() {
    let card = |n: u32, title: &str, day: &str| {
        format!("<article><h3><a href=/posts/{n}>{title}</a></h3><div>{day}</div></article>")
    };
    let cards = [
        card(1, "Keel laid at dawn", "2022.12.14"),
        card(2, "TIL 2022.12.12", "2022.12.13"),
        card(3, "A mast for two", "2022.12.11"),
    ];
    assert_eq!(
        titles("https://boats.example/", &cards.concat()),
        ["Keel laid at dawn", "TIL 2022.12.12", "A mast for two"]
    );
    let rows = "<table><tr><td>Feb. 8</td><td><a href=/2023/02/08/storm.html>The storm of \
                2023-01-25</a></td></tr><tr><td>Jan. 30</td><td><a href=/2023/01/30/crew.html>A \
                new crew on board</a></td></tr><tr><td>Jan. 12</td><td><a \
                href=/2023/01/12/plan.html>The plan of the year</a></td></tr></table>";
    assert_eq!(dates("https://boats.example/", rows), ["2023-02-08", "2023-01-30", "2023-01-12"]);
}

#[test]
fn a_count_beside_a_year_or_month_is_not_part_of_the_heading() {
    let entry = |month: &str, n: u32, slug: &str, title: &str| {
        format!(
            "<div><h2>2024<sup>3</sup></h2><div><h3>{month}<sup>1</sup></h3><div class=entry>\
             <h3>{title}</h3><span title='2024-0{n}-05 00:00:00'>{month} 5, 2024</span><a \
             aria-label='post link to {title}' href=/posts/{slug}/></a></div></div></div>"
        )
    };
    let body = format!(
        "<main>{}{}{}</main>",
        entry("July", 7, "keel", "Keel laid at dawn"),
        entry("June", 6, "mast", "A mast for two"),
        entry("May", 5, "oars", "Oars and rowlocks")
    );
    assert_eq!(
        titles("https://boats.example/archives/", &body),
        ["Keel laid at dawn", "A mast for two", "Oars and rowlocks"]
    );
}

#[test]
fn dates_of_east_asian_pages_are_read_with_blanks_and_below_their_year() {
    let row = |slug: &str, title: &str, day: &str| {
        format!("<li><a href=/post/{slug}/>{title}</a><span>{day}</span></li>")
    };
    let spaced = format!(
        "<ul>{}{}</ul>",
        row("a", "船の作り方について", "2024 年 03 月 05 日"),
        row("b", "帆と綱の話をする", "2024 年 02 月 04 日")
    );
    assert_eq!(dates("https://boats.example/", &spaced), ["2024-03-05", "2024-02-04"]);
    let below = format!(
        "<h2>2024年</h2><ul>{}{}</ul><h2>2023年</h2><ul>{}</ul>",
        row("a", "船の作り方について", "3月5日"),
        row("b", "帆と綱の話をする", "2 月 4 日"),
        row("c", "港の朝を歩く", "12月31日")
    );
    assert_eq!(dates("https://boats.example/", &below), ["2024-03-05", "2024-02-04", "2023-12-31"]);
}

#[test]
fn notes_without_a_name_are_entries_with_their_text() {
    let body = "<p class=h-entry><a href=/2024/01/10/a.html class=u-url><time class=dt-published \
                datetime=2024-01-10>x</time></a>: <span class=p-summary>Rain all day, and the hull \
                stayed dry.</span></p><p class=h-entry><a href=/2024/01/11/b.html class=u-url>\
                <time class=dt-published datetime=2024-01-11>x</time></a>: <span class=p-name>Keel \
                laid at dawn</span></p>";
    assert_eq!(titles("https://boats.example/notes/", body), ["", "Keel laid at dawn"]);
    assert_eq!(summaries(body), [Some("Rain all day, and the hull stayed dry.".to_owned()), None]);
}

#[test]
fn lines_of_links_actions_and_repeated_texts_are_no_summaries() {
    let card = |slug: &str, title: &str, rest: &str| {
        format!("<article><h2><a href=/{slug}.html>{title}</a></h2>{rest}</article>")
    };
    let byline = "<p class=post-meta>Posted on <time datetime=2024-01-11>11 01 2024</time> in <a \
                  href=/category/work.html>Work</a> &bull; Tagged with <a \
                  href=/tag/rope.html>rope</a>, <a href=/tag/salt.html>salt</a></p>";
    let action = "<p>Comment and share this with others</p>";
    let repeated = "<p>Everything about boats, from one small workshop.</p>";
    for rest in [byline, action, repeated] {
        let body = format!(
            "<main>{}{}{}</main>",
            card("keel-laid-at-dawn", "Keel laid at dawn", rest),
            card("a-mast-for-two", "A mast for two", rest),
            card("oars-and-rowlocks", "Oars and rowlocks", rest)
        );
        assert_eq!(summaries(&body), [None, None, None], "{rest}");
    }
}

#[test]
fn a_heading_of_the_section_or_of_the_day_is_not_the_title_of_a_post() {
    let text = "<p>The hull was turned over before noon, and nobody spoke until it lay still.</p>";
    let below_section = head(
        "https://boats.example/blog/keel-laid-at-dawn/",
        "<title>Keel laid at dawn</title>",
        &format!(
            "<section><div class=hero><h1>Blog</h1></div><div><h2 class=title><a \
             href=/blog/keel-laid-at-dawn/>Keel laid at dawn</a></h2><div class=post-data>14 Jan \
             2021</div><div>{text}</div></div></section>"
        ),
    );
    let below_day = head(
        "https://boats.example/keel-laid-at-dawn/",
        "<title>Keel laid at dawn</title>",
        &format!(
            "<div class=posts><h1>14 Jan 2021, 00:00</h1><section><header><a \
             href=/keel-laid-at-dawn/ class=post-title>Keel laid at dawn</a><p \
             class=post-meta>under <a href=/categories/wood>wood</a></p></header>{text}</section>\
             </div>"
        ),
    );
    for found in [below_section, below_day] {
        assert_eq!(found.draft.title.as_deref(), Some("Keel laid at dawn"));
        let date = found.draft.published.unwrap().at.format("%Y-%m-%d").to_string();
        assert_eq!(date, "2021-01-14");
    }
}

#[test]
fn a_dated_object_with_a_headline_is_the_post_whatever_its_type() {
    let found = head(
        "https://boats.example/posts/keel",
        "<title>Keel | Boats</title><script type='application/ld+json'>{\"@type\": \"Blog\", \
         \"headline\": \"Keel laid at dawn\", \"datePublished\": \"2024-03-11\"}</script>",
        "<h1>Keel laid at dawn</h1>",
    );
    let date = found.draft.published.unwrap().at.format("%Y-%m-%d").to_string();
    assert_eq!(date, "2024-03-11");
}

#[test]
fn the_first_sentences_stand_ready_in_the_place_of_a_description_of_the_site() {
    let found = head(
        "https://boats.example/posts/keel",
        "<title>Keel laid at dawn</title><meta name=description content='Everything about boats, \
         from one workshop.'>",
        "<main><article><h1>Keel laid at dawn</h1><div>The hull was turned over before noon, and \
         nobody spoke.</div></article></main>",
    );
    assert!(found.has_description);
    let summary = found.draft.summary.as_ref().map(|summary| summary.as_str());
    assert_eq!(summary, Some("Everything about boats, from one workshop."));
    let text = &found.text_summaries[0];
    assert!(text.as_str().starts_with("The hull was turned over"), "{}", text.as_str());
}

#[test]
fn the_feed_of_the_site_comes_before_narrower_ones() {
    let url = Url::parse("https://boats.example/").unwrap();
    let link = |rel: &str, href: &str, title: &str| {
        format!("<link rel={rel} type=application/rss+xml href='{href}' title='{title}'>")
    };
    for narrow in [
        link("alternate", "/p/one/index.xml", "Comments on One"),
        link("alternate", "/posts/keel-laid-at-dawn/feed.xml", "Keel laid at dawn"),
        link("alternate", "/tags/wood/index.xml", "wood"),
        link("alternate", "/author/ann/feed/", "Ann"),
        link("alternate", "/podcast.xml", "Boats, the podcast"),
    ] {
        let html = format!(
            "<html><head>{narrow}{}</head></html>",
            link("alternative", "/index.xml", "Boats")
        );
        let page = Page { url: &url, headers: &Headers::new(), html: &html };
        let links = feed_links(&page);
        assert_eq!(links[0].url.path(), "/index.xml", "{narrow}");
    }
}

#[test]
fn a_page_names_its_sitemap() {
    let url = Url::parse("https://boats.example/").unwrap();
    let html = "<html><head><link rel=sitemap type=application/xml href=/sitemap-index.xml></head>";
    let links = sitemap_links(&Page { url: &url, headers: &Headers::new(), html });
    assert_eq!(links.iter().map(Url::path).collect::<Vec<_>>(), ["/sitemap-index.xml"]);
}

#[test]
fn a_challenge_is_named_with_any_markup_around_it_and_an_article_is_not_one() {
    let name = |html: &str| detect_bot_challenge(200, &Headers::new(), html.as_bytes());
    let challenge = "<html><head><title>Just a moment...</title><meta property='og:title' \
                     content=x></head><body><article><h1>Boats</h1><p>Checking.</p></article>\
                     <script>window._cf_chl_opt={}</script></body></html>";
    assert_eq!(name(challenge), Some("Cloudflare"));
    let words = "The harbour was empty and the tide was low. ".repeat(30);
    let article = format!(
        "<html><head><title>Just a moment</title></head><body><article><p>{words}</p></article>"
    );
    assert_eq!(name(&article), None);
    let shell = "<html><head><title>Boats</title><meta property='og:title' content=Boats></head>\
                 <body><div id=root></div><script \
                 src=/cdn-cgi/challenge-platform/h/b/scripts/jsd/main.js></script></body></html>";
    assert_eq!(name(shell), None);
}

#[test]
fn a_title_is_enough_to_suggest_selectors() {
    let url = Url::parse("https://boats.example/").unwrap();
    let html = "<html><body><div class=grid><section class=tile><b>Keel laid at dawn</b><a \
                href=/k>open</a><i>14 Jan 2021</i><p>The hull was turned over before noon.</p>\
                </section><section class=tile><b>A mast for two</b><a href=/m>open</a><i>12 Jan \
                2021</i><p>Two trees were felled for one mast.</p></section></div></body></html>";
    let page = Page { url: &url, headers: &Headers::new(), html };
    let selectors = suggest_selectors(&page, "A mast for two").unwrap();
    let found = read_index_page(&page, Some(&selectors)).unwrap();
    let titles: Vec<&str> = found.drafts.iter().filter_map(|d| d.title.as_deref()).collect();
    assert_eq!(titles, ["Keel laid at dawn", "A mast for two"]);
    assert!(found.drafts.iter().all(|d| d.published.is_some() && d.summary.is_some()));
    assert!(suggest_selectors(&page, "A title that nobody wrote").is_none());
}

#[test]
fn a_page_is_read_the_same_in_every_run() {
    let card = |n: u32| {
        format!(
            "<div class=card><h2><a href=/posts/{n}>Boat number {n} is built</a></h2><p>Text about \
             boat number {n}, long enough to be its summary.</p><p><a href=/posts/{n}>Read \
             more</a></p></div>"
        )
    };
    let body: String = (0..12).map(card).collect();
    let first = summaries(&body);
    assert!(first.iter().all(Option::is_some));
    for _ in 0..20 {
        assert_eq!(summaries(&body), first);
    }
}

#[test]
fn a_date_that_begins_the_link_is_not_part_of_the_title() {
    let row = |slug: &str, day: &str, title: &str| {
        format!("<li><a href=/2026/{slug}/><span>{day}</span> {title}</a></li>")
    };
    let body = format!(
        "<h1>Archive</h1><ol><li><h2>2026</h2></li>{}{}{}</ol>",
        row("keel-laid-at-dawn", "April 2", "Keel laid at dawn"),
        row("a-mast-for-two", "March 18", "A mast for two"),
        row("oars-and-rowlocks", "January 7", "Oars and rowlocks")
    );
    assert_eq!(
        titles("https://boats.example/archive/", &body),
        ["Keel laid at dawn", "A mast for two", "Oars and rowlocks"]
    );
    assert_eq!(
        dates("https://boats.example/archive/", &body),
        ["2026-04-02", "2026-03-18", "2026-01-07"]
    );
}

/// A post with its text, and a list beside the posts (Docusaurus, Hugo themes with a panel, Jekyll
/// pages with lists by subject).
fn with_side_list(side: &str) -> Vec<String> {
    let post = |path: &str, title: &str| {
        format!(
            "<article><h2><a href={path}>{title}</a></h2><time datetime=2026-03-04>4 March 2026\
             </time><p>Some words about the boat and the river.</p></article>"
        )
    };
    let posts = [
        post("/blog/keel-laid-at-dawn", "Keel laid at dawn"),
        post("/blog/a-mast-for-two", "A mast for two"),
        post("/blog/oars-and-rowlocks", "Oars and rowlocks"),
    ];
    titles("https://boats.example/blog", &format!("{side}<main>{}</main>", posts.concat()))
}

#[test]
fn a_list_beside_the_posts_that_begins_with_them_goes_on_with_older_posts() {
    let side = "<aside><nav><div>Recent posts</div><h3>2026</h3><ul><li><a \
                href=/blog/keel-laid-at-dawn>Keel laid at dawn</a><li><a href=/blog/a-mast-for-two>\
                A mast for two</a><li><a href=/blog/oars-and-rowlocks>Oars and rowlocks</a></ul>\
                <h3>2025</h3><ul><li><a href=/blog/caulking>Caulking</a><li><a \
                href=/blog/the-first-plank>The first plank</a></ul></nav></aside>";
    assert_eq!(
        with_side_list(side),
        ["Keel laid at dawn", "A mast for two", "Oars and rowlocks", "Caulking", "The first plank"]
    );
}

#[test]
fn a_list_beside_the_posts_in_another_order_is_not_a_list_of_posts() {
    let popular = "<aside><h3>Popular posts</h3><ul><li><a href=/blog/keel-laid-at-dawn>Keel laid \
                   at dawn</a><li><a href=/blog/a-mast-for-two>A mast for two</a><li><a \
                   href=/blog/caulking>Caulking</a></ul></aside>";
    let mixed = "<aside><ul><li><a href=/blog/caulking>Caulking</a><li><a \
                 href=/blog/keel-laid-at-dawn>Keel laid at dawn</a><li><a \
                 href=/blog/a-mast-for-two>A mast for two</a></ul></aside>";
    let menu = "<nav><ul><li><a href=/blog/keel-laid-at-dawn>Keel laid at dawn</a><li><a \
                href=/blog/a-mast-for-two>A mast for two</a><li><a href=/shop/rope>Rope</a><li><a \
                href=/about>About</a></ul></nav>";
    for side in [popular, mixed, menu] {
        assert_eq!(
            with_side_list(side),
            ["Keel laid at dawn", "A mast for two", "Oars and rowlocks"],
            "{side}"
        );
    }
}

#[test]
fn a_link_that_covers_its_card_and_repeats_the_title_has_the_date_of_the_card() {
    let card = |day: &str, slug: &str, title: &str| {
        format!(
            "<div class=card><h3>{title}</h3><time datetime={day}>{day}</time><a class=overlay \
             href=/posts/{slug}/>{title}</a></div>"
        )
    };
    let body = [
        card("2026-03-04", "keel-laid-at-dawn", "Keel laid at dawn"),
        card("2026-02-11", "a-mast-for-two", "A mast for two"),
        card("2026-01-05", "oars-and-rowlocks", "Oars and rowlocks"),
    ];
    let body = body.concat();
    let page = format!("<main><h1>Posts</h1>{body}</main>");
    let days = ["2026-03-04", "2026-02-11", "2026-01-05"];
    assert_eq!(dates("https://boats.example/", &page), days);
    // The newest post stands whole above the cards and mentions another.
    let whole = "<article><header><h3>Splicing the mainbrace</h3><time datetime=2026-04-01>1 April \
                 2026</time></header><p>After we had found <a href=/posts/a-mast-for-two/>one</a> \
                 there was rope to splice.</p><footer><a class=overlay \
                 href=/posts/splicing-the-mainbrace/>Splicing the mainbrace</a></footer></article>";
    let page = format!("<main><h1>Posts</h1>{whole}{body}</main>");
    assert_eq!(dates("https://boats.example/", &page), ["2026-04-01", days[0], days[1], days[2]]);
}

#[test]
fn links_whose_text_is_a_url_are_not_posts() {
    let link = |n: u32| {
        format!("<li><a href='https://other.example/{n}'>https://other.example/{n}</a></li>")
    };
    let links: String = (1..=6).map(link).collect();
    let entry = |n: u32| {
        format!(
            "<div class=h-entry><a class='u-url dt-published' href=/notes/{n}>{n} Sep 2026 15:50\
             </a><div class=e-content><p>Note {n} about oars.</p></div></div>"
        )
    };
    let notes: String = (1..=3).map(entry).collect();
    let found = rows("https://boats.example/notes/", &format!("{notes}<ul>{links}</ul>"));
    let paths: Vec<&str> = found.iter().map(|(_, path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/notes/1", "/notes/2", "/notes/3"]);
}

#[test]
fn a_date_whose_day_month_and_year_are_elements_of_their_own_is_one_date() {
    let post = |day: u32, path: &str, title: &str, note: &str| {
        format!(
            "<section class=post><h2><a href={path}>{title}</a></h2><p class=post-meta><span \
             class=post-date><span class=day><sup>{day}</sup></span><span>/</span><span>Jun</span> \
             <span>2019</span></span></p><p>{note}</p></section>"
        )
    };
    let body = [
        post(10, "/post/what-i-think", "What I think - 2019.05", "A text about oars."),
        post(9, "/post/keel-laid", "Keel laid at dawn", "A text about wood."),
        post(3, "/post/a-mast", "A mast for two", "A text about sails."),
    ];
    let found = dates("https://boats.example/", &body.concat());
    assert_eq!(found, ["2019-06-10", "2019-06-09", "2019-06-03"]);
}

#[test]
fn the_heading_above_a_list_is_not_the_title_of_its_first_post() {
    let post = |path: &str, title: &str| {
        format!(
            "<article><a href='#'>{title}</a><p><time datetime=2026-03-04>4 March 2026</time></p>\
             <a href={path}>Read more</a></article>"
        )
    };
    let body = [
        "<div><h1>Archives</h1>".to_owned(),
        post("/keel-laid-at-dawn.html", "Keel laid at dawn"),
        post("/a-mast-for-two.html", "A mast for two"),
        post("/oars-and-rowlocks.html", "Oars and rowlocks"),
    ];
    assert_eq!(
        titles("https://boats.example/archives.html", &body.concat()),
        ["Keel laid at dawn", "A mast for two", "Oars and rowlocks"]
    );
}

#[test]
fn the_header_of_a_section_that_is_a_post_is_not_the_header_of_the_site() {
    let post = |day: u32, path: &str, title: &str| {
        format!(
            "<h1 class=content-subhead>{day} Jul 2017, 00:00</h1><section class=post><header \
             class=post-header><a href={path} class=post-title>{title}</a><p>under <a \
             href=/categories/boats>boats</a></p></header><div><p>A text of the \
             post.</p></div></section>"
        )
    };
    let body = [
        "<header><a href=/one>A site for boats</a> <a href=/two>And for ships</a></header>"
            .to_owned(),
        post(13, "/keel_1/", "Keel laid at dawn [part 1]"),
        post(9, "/mast/", "How does a mast stand"),
        post(3, "/keel_2/", "Keel laid at dawn [part 2]"),
    ];
    let found = rows("https://boats.example/", &body.concat());
    let paths: Vec<&str> = found.iter().map(|(_, path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/keel_1/", "/mast/", "/keel_2/"]);
}
