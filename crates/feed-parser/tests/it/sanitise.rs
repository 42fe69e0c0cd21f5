//! What is republished is safe: every known way to smuggle markup past a sanitiser, read again as a
//! browser would read it.

use feed_parser::sanitise;
use scraper::{Html, Node};
use url::Url;

/// Elements that run, load, frame, submit, or change how what follows is read.
const HARMFUL: [&str; 33] = [
    "script",
    "style",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "form",
    "input",
    "button",
    "select",
    "textarea",
    "base",
    "meta",
    "link",
    "svg",
    "math",
    "template",
    "noscript",
    "noembed",
    "noframes",
    "title",
    "xmp",
    "plaintext",
    "marquee",
    "mglyph",
    "malignmark",
    "foreignobject",
    "portal",
    "dialog",
    "isindex",
    "slot",
];

/// Attributes that hold addresses.
const ADDRESSES: [&str; 9] = [
    "href",
    "src",
    "cite",
    "poster",
    "action",
    "formaction",
    "background",
    "longdesc",
    "xlink:href",
];

fn clean(html: &str) -> String {
    let base = Url::parse("https://example.org/blog/post").unwrap();
    let once = sanitise(html, &base);
    assert_eq!(sanitise(once.as_str(), &base), once, "twice is not once: {html}");
    once.as_str().to_owned()
}

/// Reads a text as a browser does and says what in it could do harm.
fn harm(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (where_, document) in [
        ("fragment", Html::parse_fragment(text)),
        (
            "page",
            Html::parse_document(&format!(
                "<!DOCTYPE html><body><div class=\"story\">{text}</div>"
            )),
        ),
        ("cell", Html::parse_document(&format!("<table><tr><td>{text}</td></tr></table>"))),
    ] {
        for node in document.tree.nodes() {
            let Node::Element(element) = node.value() else {
                continue;
            };
            let name = element.name().to_ascii_lowercase();
            if HARMFUL.contains(&name.as_str()) {
                found.push(format!("{where_}: <{name}>"));
            }
            if &*element.name.ns != "http://www.w3.org/1999/xhtml" && !element.name.ns.is_empty() {
                found.push(format!("{where_}: <{name}> of another namespace"));
            }
            if where_ == "page"
                && matches!(name.as_str(), "html" | "head" | "body")
                && node.parent().is_some_and(|p| p.value().is_element())
            {
                continue;
            }
            for (attribute, value) in element.attrs() {
                let attribute = attribute.to_ascii_lowercase();
                if attribute.starts_with("on")
                    || ["style", "srcdoc", "formaction", "ping", "is", "autofocus", "id", "name"]
                        .contains(&&*attribute)
                {
                    found.push(format!("{where_}: <{name} {attribute}>"));
                }
                let good = |address: &str| {
                    ["https://", "http://", "mailto:"]
                        .iter()
                        .any(|scheme| address.starts_with(scheme))
                };
                if ADDRESSES.contains(&&*attribute) && !good(value)
                    || attribute == "srcset" && !value.split(", ").all(good)
                {
                    found.push(format!("{where_}: <{name} {attribute}=\"{value}\">"));
                }
            }
        }
    }
    found
}

/// The known cases, by what each one abuses.
const HOSTILE: &[&str] = &[
    // scripts, however they are spelt
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "<script/src=//evil.example>",
    "<<script>alert(1)//<</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\u{0}>alert(1)</script>",
    "<script\n>alert(1)</script\n>",
    "<script>a</script ><script>b",
    "</script><script>alert(1)</script>",
    "<!--<script>--><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version=\"1.0\"?><script>alert(1)</script>",
    // event handlers
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\u{c}=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x'onerror='alert(1)'>",
    "<img src=\"x\"onerror=\"alert(1)\">",
    "<img src=`x`onerror=alert(1)>",
    "<p onclick=alert(1) OnMouseOver=alert(2)>x</p>",
    "<body onload=alert(1)>x",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<video src=x onloadstart=alert(1)></video>",
    "<audio src=x oncanplay=alert(1)></audio>",
    "<a href=x onfocus=alert(1) autofocus tabindex=1>x</a>",
    "<div style=\"animation-name:x\" onanimationstart=alert(1)>x</div>",
    "<input autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<p title=\"a\" \" onclick=alert(1) x=\">y</p>",
    // schemes
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
    "<a href=\" javascript:alert(1)\">x</a>",
    "<a href=\"\u{1}javascript:alert(1)\">x</a>",
    "<a href=\"&#1;&#x2;javascript:alert(1)\">x</a>",
    "<a href=\"java\nscript:alert(1)\">x</a>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<a href=\"java&#10;script:alert(1)\">x</a>",
    "<a href=\"java&Tab;script:alert(1)\">x</a>",
    "<a href=\"java&NewLine;script:alert(1)\">x</a>",
    "<a href=\"javascript&colon;alert(1)\">x</a>",
    "<a href=\"&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)\">x</a>",
    "<a href=\"&#x6A;avascript:alert(1)\">x</a>",
    "<a href=\"&#0000106avascript:alert(1)\">x</a>",
    "<a href=\"javascript://example.org/%0aalert(1)\">x</a>",
    "<a href=\"vbscript:msgbox(1)\">x</a>",
    "<a href=\"livescript:x\">x</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
    "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>",
    "<a href=\"feed:javascript:alert(1)\">x</a>",
    "<a href=\"view-source:javascript:alert(1)\">x</a>",
    "<a href=\"blob:https://example.org/x\">x</a>",
    "<a href=\"file:///etc/passwd\">x</a>",
    "<img src=\"javascript:alert(1)\">",
    "<img src=\"data:image/svg+xml,<svg onload=alert(1)>\">",
    "<img srcset=\"javascript:alert(1) 1x, data:text/html,x 2x\">",
    "<img data-src=\"javascript:alert(1)\" data-srcset=\"javascript:alert(1) 1x\">",
    "<picture><source srcset=\"javascript:alert(1)\"><img src=x></picture>",
    "<video poster=\"javascript:alert(1)\" src=\"data:video/mp4,x\"></video>",
    "<q cite=\"javascript:alert(1)\">x</q><blockquote cite='vbscript:x'>y</blockquote>\
     <del cite=data:x>z</del>",
    "<a xlink:href=\"javascript:alert(1)\">x</a>",
    "<a href=\"https://example.org\" ping=\"https://evil.example\">x</a>",
    "<table background=\"javascript:alert(1)\"><tr><td background=\"javascript:x\">y</td></tr>\
     </table>",
    "<img lowsrc=\"javascript:alert(1)\" dynsrc=\"javascript:alert(1)\">",
    // style
    "<style>@import 'https://evil.example/x.css';</style>",
    "<p style=\"background:url(javascript:alert(1))\">x</p>",
    "<p style=\"width:expression(alert(1))\">x</p>",
    "<p style=\"-moz-binding:url(https://evil.example/x.xml#y)\">x</p>",
    "<p style=\"behavior:url(#default#time2)\">x</p>",
    "<p style=\"position:fixed;top:0;left:0;width:100%;height:100%\">x</p>",
    "<div style=\"\\65xpression(alert(1))\">x</div>",
    // frames, forms, what changes the page
    "<iframe src=\"https://evil.example\"></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<iframe srcdoc='&lt;img src=x onerror=alert(1)&gt;'>",
    "<iframe src=\"javascript:alert(1)\"/><img src=x onerror=alert(1)>",
    "<frameset><frame src=\"javascript:alert(1)\"></frameset>",
    "<object data=\"javascript:alert(1)\"><param name=x value=y></object>",
    "<object type=\"text/html\" data=\"data:text/html,x\">fallback</object>",
    "<embed src=\"https://evil.example/x.swf\" allowscriptaccess=always>",
    "<applet code=x.class></applet>",
    "<form action=\"javascript:alert(1)\"><input type=submit></form>",
    "<form><button formaction=\"javascript:alert(1)\">x</button></form>",
    "<base href=\"https://evil.example/\"><a href=\"x\">y</a>",
    "<meta http-equiv=\"refresh\" content=\"0;url=javascript:alert(1)\">",
    "<meta charset=\"utf-7\">+ADw-script+AD4-",
    "<link rel=stylesheet href=\"https://evil.example/x.css\"><link rel=import href=x>",
    "<portal src=\"https://evil.example\"></portal>",
    "<isindex action=\"javascript:alert(1)\" type=image>",
    "<dialog open>x</dialog>",
    "<img name=getElementById><a id=defaultView>x</a><form name=body><input id=attributes></form>",
    // namespaces
    "<svg><script>alert(1)</script></svg>",
    "<svg onload=alert(1)>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=\"javascript:alert(1)\"/></svg>",
    "<svg><set attributeName=onmouseover to=alert(1)>",
    "<svg><use href=\"data:image/svg+xml,<svg id=x onload=alert(1)>#x\"/></svg>",
    "<svg><foreignObject><iframe onload=alert(1)></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<svg><p><style><img title=\"</style><img src=x onerror=alert(1)>\">",
    "<svg><title><style><img title=\"</style><img src onerror=alert(1)>\"></title></svg>",
    "<svg><desc><noscript><img title=\"</noscript><img src=x onerror=alert(1)>\"></desc></svg>",
    "<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>",
    "<svg><!--</svg><img src=x onerror=alert(1)>--></svg>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<math href=\"javascript:alert(1)\">x</math>",
    "<math><maction actiontype=\"statusline#javascript:alert(1)\">x</maction></math>",
    "<math><annotation-xml encoding=\"text/html\"><img src=x onerror=alert(1)></annotation-xml>\
     </math>",
    "<math><mi><mglyph><svg><mtext><style><path id=\"</style><img onerror=alert(1) src=x>\">\
     </style></mtext></svg></mglyph></mi></math>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 \
     onerror=alert(1)&gt;\">",
    "<math><mtext><table><mglyph><style><math><img src onerror=alert(1)></style></mglyph></table>\
     </mtext></math>",
    "<math><mtext><mglyph><style><![CDATA[</style><img title=\"]]&gt;&lt;/style&gt;&lt;img src \
     onerror=alert(1)&gt;\">",
    "<math><mtext><malignmark><style><!--</style><img title=\"--&gt;&lt;img src \
     onerror=alert(1)&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<form><math><mtext><form><mglyph><style></math><img src onerror=alert(1)></style></mglyph>\
     </form></mtext></math></form>",
    "<math><mi></p><style><a id=\"</style><img src=x onerror=alert(1)>\">",
    "<math><p><style><!--</style><img src=x onerror=alert(1)>--></style>",
    "<math><mtext><b><table><a><mglyph><style><img title=\"</style><img src=x onerror=alert(1)>\">",
    // raw text elements whose end is disputed
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
    "<noscript><!--</noscript><img src=x onerror=alert(1)>--></noscript>",
    "<noscript><style></noscript><img src=x onerror=alert(1)></style>",
    "<title><a title=\"</title><img src=x onerror=alert(1)>\"></title>",
    "<textarea><a title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
    "<xmp><a title=\"</xmp><img src=x onerror=alert(1)>\"></xmp>",
    "<noembed><a title=\"</noembed><img src=x onerror=alert(1)>\"></noembed>",
    "<noframes><a title=\"</noframes><img src=x onerror=alert(1)>\"></noframes>",
    "<iframe><a title=\"</iframe><img src=x onerror=alert(1)>\"></iframe>",
    "<style><a title=\"</style><img src=x onerror=alert(1)>\"></style>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<select><style></select><img src=x onerror=alert(1)></style></select>",
    "<select><option><style></option></select><b><img src=x onerror=alert(1)></style></option>",
    "<select><template><style><!--</style><a rel=\"--></style></template></select>\
     <img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script><img src=x onerror=alert(1)></template>",
    "<template><div><style></template><img src=x onerror=alert(1)></style>",
    "<table><template shadowrootmode=open><script>alert(1)</script></template></table>",
    // comments
    "<!--><img src=x onerror=alert(1)>-->",
    "<!---><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<!doctype [<!ENTITY x \"<img src=x onerror=alert(1)>\">]>&x;",
    "<! foo=\"><img src=x onerror=alert(1)>\">",
    "<? foo=\"><img src=x onerror=alert(1)>\">",
    "</ foo=\"><img src=x onerror=alert(1)>\">",
    // what a parser mends
    "<table><a href=x><table><a href=y></table></a></table>",
    "<a><b><a href=\"javascript:x\"></b></a>",
    "<p><table><p title=\"<img src=x onerror=alert(1)>\">",
    "<dl><dt><dd><form><dt></form><img src=x onerror=alert(1)>",
    "<b><p><b><p><b><p><i onclick=alert(1)>x",
    "<a href=\"x\"title=\"&quot;&gt;&lt;img src=x onerror=alert(1)&gt;\">y</a>",
    "<a title=\"&lt;/a&gt;&lt;script&gt;alert(1)&lt;/script&gt;\">y</a>",
    "<img alt=\"`><script>alert(1)</script>\" src=x>",
    "<img alt=\"<!--\" src=x><img alt=\"--><script>alert(1)</script>\" src=x>",
    "<code class=\"language-x onclick=alert(1)\">x</code>",
    "<ol type=\"javascript:alert(1)\" start=\"1 onclick=alert(1)\"><li value='\"onclick=alert(1)'>x\
     </ol>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;",
    "<div\u{b}onclick=alert(1)>x</div>",
    "<ɪmg src=x onerror=alert(1)>",
    "<image src=x onerror=alert(1)>",
    "<img src=x:x onerror=alert(1)//",
    "<a href='https://exa\u{0}mple.org/'>x</a>",
    "\u{feff}<script>alert(1)</script>",
];

#[test]
fn hostile_markup_is_removed() {
    assert!(HOSTILE.len() >= 150, "cases were lost");
    let mut harmful = Vec::new();
    for html in HOSTILE {
        let text = clean(html);
        let found = harm(&text);
        if !found.is_empty() {
            harmful.push(format!("{html}\n  became {text}\n  with {}", found.join(", ")));
        }
    }
    assert!(harmful.is_empty(), "{}", harmful.join("\n"));
}

#[test]
fn combined_hostile_markup_is_removed() {
    for pair in HOSTILE.windows(2) {
        for html in
            [pair.concat(), format!("<p>{}<table><tr><td>{}</td></tr></table>", pair[1], pair[0])]
        {
            let text = clean(&html);
            assert_eq!(harm(&text), Vec::<String>::new(), "{html}\n  became {text}");
        }
    }
}

#[test]
fn sanitised_html_reparses_to_itself() {
    for html in HOSTILE {
        let text = clean(html);
        let again = Html::parse_fragment(&text).root_element().inner_html();
        let once_more = Html::parse_fragment(&again).root_element().inner_html();
        assert_eq!(again, once_more, "{html}\n  became {text}");
    }
}

#[test]
fn text_around_hostile_markup_is_kept() {
    for (html, want) in [
        ("before<iframe src=\"https://e.org\"/> <b>after</b>", "before <b>after</b>"),
        ("before<iframe> <b>inside</b></iframe>", "before <b>inside</b>"),
        (
            "<math><mi>x</mi><mo>=</mo><mtext><b>1</b></mtext><annotation \
             encoding=\"application/x-tex\">x=1</annotation></math>",
            "x=1",
        ),
        ("a<noscript><p>b</p></noscript>c", "a<p>b</p>c"),
        ("a<object>fallback</object>b", "afallbackb"),
        ("<form><label>Name</label> <input> text</form>", "Name  text"),
        ("<font color=red>a</font><blink>b</blink>", "ab"),
    ] {
        assert_eq!(clean(html), want, "{html}");
    }
}

#[test]
fn lazy_images_are_resolved_and_tracking_pixels_removed() {
    let image = |name: &str| format!("<img src=\"https://example.org/blog/{name}\">");
    for (html, want) in [
        ("<img data-src=\"a.png\">", image("a.png")),
        ("<img src=\"placeholder.svg\" data-lazy-src=\"a.png\">", image("a.png")),
        ("<img src=\"lazy.gif\" data-original=\"a.png\">", image("a.png")),
        ("<img src=\"small.png\" data-orig-file=\"large.png\">", image("small.png")),
        (
            "<img class=lazy data-actualsrc=\"a.png\"><noscript><img src=\"a.png\"></noscript>",
            image("a.png"),
        ),
        ("<noscript><img src=\"a.png\"></noscript>", image("a.png")),
        ("<img src=\"data:image/gif;base64,R0lGODlhAQ\">", String::new()),
        ("<img src=a.png width=1 height=1>", String::new()),
        ("<img src=a.png height='1px'>", String::new()),
        ("<img src=a.png style='width:1px;height:1px'>", String::new()),
        ("<img src='https://feeds.feedburner.com/~r/x/~4/y'>", String::new()),
        ("<img src='http://feeds.wordpress.com/1.0/comments/x/1/'>", String::new()),
        ("<img src='https://medium.com/_/stat?event=post.clientViewed'>", String::new()),
        ("<img src='https://ssl-vg03.met.vgwort.de/na/x'>", String::new()),
        ("<img src='https://stats.example.org/matomo.php?idsite=1'>", String::new()),
        ("<img src='https://counter.theconversation.com/content/1/count.gif'>", String::new()),
    ] {
        assert_eq!(clean(html), want, "{html}");
    }
}

#[test]
fn media_elements_get_controls_and_lose_autoplay() {
    assert_eq!(
        clean("<video src=a.mp4 autoplay loop muted></video><audio controls src=a.mp3></audio>"),
        "<video src=\"https://example.org/blog/a.mp4\" controls=\"\"></video>\
         <audio controls=\"\" src=\"https://example.org/blog/a.mp3\"></audio>"
    );
}
