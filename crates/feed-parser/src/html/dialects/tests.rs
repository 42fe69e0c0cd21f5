use super::super::sanitise;
use url::Url;

fn clean(html: &str) -> String {
    let base = Url::parse("https://example.org/blog/post").unwrap();
    let once = sanitise(html, &base);
    assert_eq!(sanitise(once.as_str(), &base), once, "not idempotent: {html}");
    once.as_str().to_owned()
}

fn link(page: &str, label: &str) -> String {
    format!("<a href=\"{page}\" rel=\"noopener noreferrer\">{label}</a>")
}

#[test]
fn players_become_links_to_their_page() {
    let talk = link("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "A talk");
    for html in [
        "<iframe src=\"https://www.youtube.com/embed/dQw4w9WgXcQ\" title=\"A talk\"></iframe>",
        "<iframe data-src=\"//www.youtube-nocookie.com/embed/dQw4w9WgXcQ\" src=\"about:blank\" \
         title=\"A talk\">no frames</iframe><noscript><iframe \
         src=\"https://www.youtube.com/embed/dQw4w9WgXcQ\"></iframe></noscript>",
        "<lite-youtube videoid=\"dQw4w9WgXcQ\" playlabel=\"A talk\"></lite-youtube>",
        "<amp-youtube data-videoid=\"dQw4w9WgXcQ\" title=\"A talk\"></amp-youtube>",
        "<object><param name=\"movie\" value=\"https://www.youtube.com/v/dQw4w9WgXcQ\" \
         title=\"A talk\"><embed src=\"https://www.youtube.com/v/dQw4w9WgXcQ\"></object>",
    ] {
        assert_eq!(clean(html), talk, "{html}");
    }
    assert_eq!(
        clean("<p>a<iframe src=\"/maps/1\"></iframe>b</p>"),
        format!("<p>a {} b</p>", link("https://example.org/maps/1", "example.org"))
    );
    assert_eq!(
        clean("<script src=\"https://gist.github.com/ada/12.js\"></script>"),
        link("https://gist.github.com/ada/12", "Gist")
    );
    assert_eq!(
        clean(
            "<iframe src=\"https://bandcamp.com/EmbeddedPlayer/album=1\"><a \
             href=\"https://ada.bandcamp.com/album/one\">One by Ada</a></iframe>"
        ),
        link("https://ada.bandcamp.com/album/one", "One by Ada")
    );
    assert_eq!(
        clean("<object data=\"a.svg\" type=\"image/svg+xml\">old</object>"),
        "<img src=\"https://example.org/blog/a.svg\" alt=\"\">"
    );
}

#[test]
fn frames_that_show_nothing_leave_nothing() {
    for html in [
        "<iframe src=\"https://www.googletagmanager.com/ns.html?id=1\"></iframe>",
        "<iframe src=\"https://e.example/x\" width=\"1\" height=\"1\"></iframe>",
        "<iframe src=\"https://e.example/x\" style=\"display: none\"></iframe>",
        "<iframe src=\"javascript:alert(1)\"></iframe>",
        "<embed src=\"https://e.example/banner.swf\">",
        "<iframe></iframe>",
    ] {
        assert_eq!(clean(html), "", "{html}");
    }
}

#[test]
fn formulas_stay_and_are_read_once() {
    let math = "<math><mi>E</mi><mo>=</mo><mi>m</mi></math>";
    let raw = "<math xmlns=\"x\"><semantics><mrow><mi>E</mi><mo>=</mo><mi>m</mi></mrow>\
               <annotation encoding=\"application/x-tex\">E=m</annotation></semantics></math>";
    let row = "<math><mrow><mi>E</mi><mo>=</mo><mi>m</mi></mrow></math>";
    assert_eq!(clean(&format!("<p>So {math} holds.</p>")), format!("<p>So {math} holds.</p>"));
    for html in [
        format!(
            "So <span class=\"katex\"><span class=\"katex-mathml\">{raw}</span><span \
             class=\"katex-html\" aria-hidden=\"true\"><span>E=m</span></span></span> holds."
        ),
        format!(
            "So <mjx-container><mjx-math aria-hidden=\"true\">E=m</mjx-math><mjx-assistive-mml>\
             {raw}</mjx-assistive-mml></mjx-container> holds."
        ),
        format!(
            "So <span class=\"MathJax_Preview\">E=m</span><span class=\"MathJax\"><nobr>E=m</nobr>\
             <span class=\"MJX_Assistive_MathML\">{raw}</span></span><script type=\"math/tex\">\
             E=m</script> holds."
        ),
        format!(
            "So <span class=\"mwe-math-element\"><span>{raw}</span><img src=\"/math/render/svg/1\" \
             class=\"mwe-math-fallback-image-inline\" alt=\"E=m\"></span> holds."
        ),
    ] {
        let out = clean(&html);
        assert!(out.contains(row), "{html} gave {out}");
        assert_eq!(crate::plain_text(&out), "So E=m holds.", "{html} gave {out}");
    }
    assert_eq!(
        clean(
            "So <span class=\"MathJax_Preview\">E=m</span><script type=\"math/tex\">E=m</script> \
             holds."
        ),
        "So E=m holds."
    );
    let hostile = "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img \
                   src=1 onerror=alert(1)&gt;\">";
    assert!(!clean(hostile).contains("<img"));
    assert_eq!(
        clean(&format!("<p title='{math}'>x</p>")),
        "<p title=\"&lt;math&gt;&lt;mi&gt;E&lt;/mi&gt;&lt;mo&gt;=&lt;/mo&gt;&lt;mi&gt;m&lt;/mi\
         &gt;&lt;/math&gt;\">x</p>"
    );
}

#[test]
fn controls_are_no_text() {
    for (html, want) in [
        (
            "<div><button>Copy</button><pre><code>ls -l</code></pre></div>",
            "<div><pre><code>ls -l</code></pre></div>",
        ),
        ("<div class=\"zero-copy-btn\">Copy</div><p>a</p>", "<p>a</p>"),
        ("<h3><button>Why?</button></h3>", "<h3>Why?</h3>"),
        ("<select><option>a<option>b</select>c", "c"),
        (
            "<ul><li><input type=\"checkbox\" checked disabled> Done</li><li>\
             <input type=\"checkbox\">Open</li></ul>",
            "<ul><li>☑ Done</li><li>☐ Open</li></ul>",
        ),
        (
            "<button><img src=\"a.png\" alt=\"\"></button>",
            "<img src=\"https://example.org/blog/a.png\" alt=\"\">",
        ),
    ] {
        assert_eq!(clean(html), want, "{html}");
    }
}

#[test]
fn images_of_every_dialect_are_shown() {
    let shown = "<img src=\"https://example.org/blog/a.jpg\" alt=\"x\">";
    for html in [
        "<img src=\"data:image/gif;base64,R0\" data-orig=\"a.jpg\" alt=\"x\">",
        "<img src=\"/1x1.gif\" data-large-file=\"a.jpg\" alt=\"x\">",
        "<img data-cfsrc=\"a.jpg\" alt=\"x\">",
        "<img src=\"blank.gif\" data-hi-res-src=\"a.jpg\" data-permalink=\"/p/1.jpg\" alt=\"x\">",
        "<img src=\"a.jpg\" data-lazy=\"true\" alt=\"x\">",
        "<img src=\"a.jpg\" data-src=\"b.jpg\" alt=\"x\">",
        "<img src=\"#\" data-whatever=\"a.jpg\" alt=\"x\">",
        "<img src=\"spacer.gif\" style=\"background-image: url('a.jpg')\" alt=\"x\">",
        "<amp-img src=\"a.jpg\" alt=\"x\"><noscript><img src=\"a.jpg\" alt=\"x\"></noscript>\
         </amp-img>",
        "<img src=\"data:,\" data-src=\"a.jpg\" alt=\"x\"><noscript><img src=\"a.jpg?w=9\" \
         alt=\"x\"></noscript>",
        "<noscript><img src=\"a.jpg\" alt=\"x\"></noscript>",
    ] {
        assert_eq!(clean(html), shown, "{html}");
    }
    assert_eq!(
        clean(
            "<picture><source data-srcset=\"b.webp 1x, c.webp 2x\"><img src=\"data:,\"></picture>"
        ),
        "<picture><source srcset=\"https://example.org/blog/b.webp 1x, \
         https://example.org/blog/c.webp 2x\"><img src=\"https://example.org/blog/b.webp\">\
         </picture>"
    );
    assert_eq!(
        clean("<img srcset=\"a.jpg 1x, b.jpg 2x\">"),
        "<img src=\"https://example.org/blog/a.jpg\" srcset=\"https://example.org/blog/a.jpg 1x, \
         https://example.org/blog/b.jpg 2x\">"
    );
}

#[test]
fn line_feeds_that_a_style_keeps_are_line_breaks() {
    assert_eq!(
        clean("<div style=\"white-space: pre-wrap\">one\ntwo</div><p>a\nb</p>"),
        "<div>one<br>two</div><p>a\nb</p>"
    );
}
