#![allow(clippy::format_collect)] // a test has few items to collect

use proptest::prelude::*;

use super::*;

fn clean(html: &str) -> String {
    let base = Url::parse("https://example.org/blog/post").unwrap();
    let once = sanitise(html, &base);
    assert_eq!(sanitise(once.as_str(), &base), once, "not idempotent: {html}");
    once.as_str().to_owned()
}

#[test]
fn what_articles_need_stays() {
    for html in [
        "<p>One <em>two</em> <code>three</code></p>",
        "<figure><img src=\"https://example.org/a.png\" alt=\"x\"><figcaption>y</figcaption>\
         </figure>",
        "<table><thead><tr><th scope=\"col\">a</th></tr></thead><tbody><tr><td colspan=\"2\">b</td>\
         </tr></tbody></table>",
        "<pre class=\"language-rust\"><code class=\"language-rust\">fn main() {}</code></pre>",
        "<ol start=\"3\"><li>a</li></ol><blockquote cite=\"https://example.org/q\">b</blockquote>",
        "<details><summary>a</summary>b</details>",
    ] {
        assert_eq!(clean(html), html);
    }
}

#[test]
fn a_line_feed_at_the_beginning_of_a_pre_stays_if_an_image_before_it_is_removed() {
    let image = "<img src=\"https://example.org/a.png\">";
    for removed in [image, "<img alt=\"x\">"] {
        let html = format!("<div>{image}<pre class=\"x\">{removed}\na</pre></div>");
        assert_eq!(clean(&html), format!("<div>{image}<pre>\n\na</pre></div>"));
    }
}

#[test]
fn what_runs_or_frames_goes() {
    for html in [
        "<script>alert(1)</script>",
        "<ScRiPt src=//e></sCrIpT>",
        "<iframe src=\"https://example.org/\"></iframe>",
        "<object data=x></object><embed src=x>",
        "<style>p{}</style>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><script>alert(1)</script></mtext></math>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
        "<form action=/x><input name=y></form>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"java\nscript:alert(1)\">x</a>",
        "<a href=\" &#1;JaVaScRiPt&colon;alert(1)\">x</a>",
        "<img src=\"javascript:alert(1)\">",
        "<img src=x onerror=alert(1)>",
        "<img srcset=\"javascript:alert(1) 1x\">",
        "<img data-src=\"javascript:alert(1)\">",
        "<video poster=\"javascript:alert(1)\"></video>",
        "<base href=\"https://evil.example/\">",
        "<meta http-equiv=refresh content=0>",
        "<p style=\"background:url(javascript:alert(1))\" onclick=alert(1)>x</p>",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 \
         onerror=alert(1)&gt;\">",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<a href=\"data:text/html,x\">x</a><a href=\"vbscript:x\">y</a>",
        "<q cite=\"javascript:x\">a</q>",
    ] {
        let out = clean(html).to_ascii_lowercase();
        for bad in [
            "<script",
            "<iframe",
            "<object",
            "<embed",
            "<style",
            "<form",
            "<base",
            "<meta",
            "javascript:",
            "vbscript:",
            "data:",
        ] {
            assert!(!out.contains(bad), "{html} gave {out}");
        }
        // An event handler may stand in a text, never in a tag.
        let in_tag = out
            .split('<')
            .skip(1)
            .filter_map(|rest| rest.split('>').next())
            .any(|tag| tag.contains("onerror") && !tag.contains("title="));
        assert!(!in_tag, "{html} gave {out}");
    }
}

#[test]
fn addresses_are_absolute_and_do_not_track() {
    assert_eq!(
        clean(
            "<a href=\"../x?utm_source=rss&amp;a=1#f\">x</a> <a href=\"#top\">y\
             </a> <a href=\"mailto:a@example.org\">z</a>"
        ),
        "<a href=\"https://example.org/x?a=1#f\" rel=\"noopener noreferrer\">x</a> \
         <a href=\"https://example.org/blog/post#top\" rel=\"noopener noreferrer\">y</a> \
         <a href=\"mailto:a@example.org\" rel=\"noopener noreferrer\">z</a>"
    );
    assert_eq!(
        clean(
            "<picture><source srcset=\"a.webp 1x, b,c.webp 2x\"><img src=a.png srcset=\"a.png, \
             b.png 2x\"></picture>"
        ),
        "<picture><source srcset=\"https://example.org/blog/a.webp 1x, \
         https://example.org/blog/b%2Cc.webp 2x\"><img src=\"https://example.org/blog/a.png\" \
         srcset=\"https://example.org/blog/a.png, https://example.org/blog/b.png 2x\"></picture>"
    );
}

#[test]
fn lazy_images_are_made_real_and_pixels_go() {
    assert_eq!(
        clean(
            "<img src=\"data:image/gif;base64,R0\" data-src=\"a.png\" alt=x><noscript>\
             <img src=\"a.png\" alt=x></noscript>"
        ),
        "<img src=\"https://example.org/blog/a.png\" alt=\"x\">"
    );
    assert_eq!(
        clean(
            "a<img src=t.gif width=1 height=1>b<img src=u.gif style=\"display: none\">c\
             <img src=\"https://pixel.wp.com/b.gif\">"
        ),
        "abc"
    );
}

#[test]
fn too_deep_nesting_becomes_text() {
    let deep = format!("{}x & y{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    assert_eq!(clean(&deep), "x &amp; y");
    let copies = format!(
        "{}{}",
        (0..900).map(|n| format!("<font color={n}>")).collect::<String>(),
        "<p>x".repeat(20_000)
    );
    assert!(clean(&copies).starts_with("x x"));
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<p>"),
        Just("</p>"),
        Just("<b>"),
        Just("</b>"),
        Just("<a href=\"x y\">"),
        Just("</a>"),
        Just("<table>"),
        Just("<tr>"),
        Just("<td>"),
        Just("</table>"),
        Just("<svg>"),
        Just("<math>"),
        Just("<style>"),
        Just("</style>"),
        Just("<img src=x title='<b>'>"),
        Just("<pre>\n\n"),
        Just("<!--"),
        Just("-->"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("&lt;"),
        Just("&amp;lt;"),
        Just("&nbsp;"),
        Just("\""),
        Just("'"),
        Just("<"),
        Just(">"),
        Just("&"),
        Just("<li>"),
        Just("<ul>"),
        Just("\u{8}"),
        Just("text "),
        Just("<select>"),
        Just("<noscript>"),
        Just("<template>"),
        Just("<title>"),
        Just("<textarea>"),
        Just("<plaintext>"),
        Just("<img data-src=a,b srcset='c 1x,d'>"),
        Just("<source>"),
        Just("<br/>"),
        Just("<div/>"),
        Just("é"),
        Just("\r\n"),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn sanitising_twice_changes_nothing(html in pieces()) {
        clean(&html);
    }

    #[test]
    fn what_skips_the_parser_is_what_the_parser_would_have_given(html in mostly_strict_html()) {
        let base = Url::parse("https://example.org/blog/post").unwrap();
        if strict_subset::is_strict_subset(&html) {
            let skipped = sanitise(&html, &base);
            let again = sanitise_pass(skipped.as_str(), &base);
            prop_assert_eq!(again, sanitise_pass(&html, &base), "{}", html);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn what_is_mended_is_what_the_parser_would_have_given(
        html in prop_oneof![pieces(), sloppy_html()],
    ) {
        let base = Url::parse("https://example.org/blog/post").unwrap();
        let html = strip_forbidden(&html).trim().to_owned();
        let html = strip_fallback_tags(&html);
        let repaired = repair::repaired(&html);
        if let Some(repaired) = repaired.filter(|text| strict_subset::is_strict_subset(text)) {
            let rewritten = rewrite::rewrite_html(&repaired, &base);
            let skipped = SafeHtml::from_sanitised(rewritten.trim().to_owned());
            prop_assert_eq!(skipped, sanitise_by_parser(&html, &base), "{}", html);
        }
    }
}

/// HTML as people write it: nearly right.
fn sloppy_html() -> impl Strategy<Value = String> {
    let pieces = vec![
        "<p>",
        "<P CLASS=x>",
        "</p>",
        "<div>",
        "<div style='a:b'>",
        "</div>",
        "<b>",
        "</b>",
        "<FONT color=red>",
        "</FONT>",
        "<br/>",
        "<BR>",
        "<hr>",
        "<span title=\"a>b\">",
        "</span>",
        "<o:p>",
        "</o:p>",
        "<ul>",
        "</ul>",
        "<li>",
        "</li>",
        "<ol>",
        "<dl><dt>",
        "<dd>",
        "</dl>",
        "<table>",
        "<tr>",
        "<td>",
        "<th colspan=2>",
        "</td>",
        "</tr>",
        "</table>",
        "<tbody>",
        "<h2>",
        "</h2>",
        "<h3>",
        "</h3>",
        "<pre>",
        "</pre>",
        "<blockquote>",
        "</blockquote>",
        "<img src=a.png alt='it\"s' onload=x()>",
        "<a href='/x?a=1&b=2'>",
        "</a>",
        "<A HREF=y>",
        "<a href=\"/z?q&copy=1\" target=_blank rel>",
        "<script>if (a < b) x('</p>')</script>",
        "<style>p > a {}</style>",
        "<!-- c -->",
        "a < b",
        " AT&T ",
        "&nbsp;",
        "&amp;",
        " text ",
        "\n",
        "\r\n",
        "é",
        "<iframe src=x></iframe>",
        "<input type=text>",
        "<q>",
        "</q>",
        "<em>",
        "</em>",
        "<video src=v controls>",
        "</video>",
        "&#1;>",
        "&#13;",
        "<b title='&#2;&#13;x'>",
        "<label>",
        "<picture><source srcset=b>",
        "</picture>",
        "<code>",
        "</code>",
        "<section>",
        "</section>",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..16).prop_map(|pieces| pieces.concat())
}

/// HTML that is regular often.
fn mostly_strict_html() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("text ".to_owned()),
        Just("&amp; &lt; &mdash; &copy".to_owned()),
        Just("<br>".to_owned()),
        Just("\n".to_owned()),
        Just("<img src=\"a.png\" class=\"x\" onerror=\"y\" alt=\"&quot;\"/>".to_owned()),
        Just("<!-- c -->".to_owned()),
        Just("<hr />".to_owned()),
    ];
    let names = vec![
        "p",
        "div",
        "b",
        "em",
        "a",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "tbody",
        "thead",
        "tr",
        "td",
        "th",
        "pre",
        "code",
        "h2",
        "h3",
        "blockquote",
        "figure",
        "figcaption",
        "span",
        "section",
        "details",
        "summary",
        "video",
        "picture",
        "q",
        "address",
        "center",
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        (prop::sample::select(names.clone()), prop::collection::vec(inner, 0..4), prop::bool::ANY)
            .prop_map(|(name, inside, dressed)| {
                let dress =
                    if dressed { " href=\"/x?utm_source=y\" title=\"t\" style=\"s\"" } else { "" };
                format!("<{name}{dress}>{}</{name}>", inside.concat())
            })
    })
}
