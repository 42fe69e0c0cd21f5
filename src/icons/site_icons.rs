//! The icons of the site and its topics, with the paths at which they are published.

use feed_model::{PngImage, Topic, TopicId};
use feed_publisher::Addresses;

use super::{
    convert::{ico, to_png},
    draw::draw,
};

/// Width and height of a drawn icon, in pixels. JSON Feed recommends 512.
const SIDE: u32 = 512;
/// Width and height of `/favicon.ico`.
const FAVICON_SIDE: u32 = 48;
/// Width and height of `/apple-touch-icon.png`.
const TOUCH_SIDE: u32 = 180;

const PNG: &str = "image/png";
const ICO: &str = "image/x-icon";

/// A published icon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteIcon {
    /// The topic; `all` stands for the site.
    pub topic: TopicId,
    /// Path from the site's root.
    pub path: String,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The icons of the site and its topics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteIcons {
    /// The icons in a fixed order.
    pub icons: Vec<SiteIcon>,
    /// The topics whose icon is not square. `all` stands for the site.
    not_square: Vec<TopicId>,
}

impl SiteIcons {
    /// Returns the icons that feeds.toml names, and draws the others.
    pub fn new(site_title: &str, site_icon: Option<&PngImage>, topics: &[Topic]) -> Self {
        let mut icons = Self::default();
        let all = TopicId::all();
        icons.add(&all, site_title, site_icon);
        for topic in topics {
            icons.add(&topic.id, &topic.title, topic.icon.as_ref());
        }
        let resized = |side: u32| {
            let drawn = || draw(site_title, all.as_str(), side as usize);
            let source = site_icon.map_or_else(drawn, |icon| icon.bytes.to_vec());
            // Both have been decoded or drawn before. Pixels in ICO files have to be RGBA.
            to_png(&source, side).unwrap_or(source)
        };
        let (favicon, touch) = (ico(&resized(FAVICON_SIDE)), resized(TOUCH_SIDE));
        for (path, media_type, bytes) in
            [("/favicon.ico", ICO, favicon), ("/apple-touch-icon.png", PNG, touch)]
        {
            let (topic, path) = (all.clone(), path.to_owned());
            icons.icons.push(SiteIcon { topic, path, media_type, bytes });
        }
        icons
    }

    /// Whether the icon of a topic is square.
    pub fn is_square(&self, topic: &TopicId) -> bool {
        !self.not_square.contains(topic)
    }

    fn add(&mut self, topic: &TopicId, title: &str, named: Option<&PngImage>) {
        if named.is_some_and(|icon| icon.width != icon.height) {
            self.not_square.push(topic.clone());
        }
        let bytes = named
            .map_or_else(|| draw(title, topic.as_str(), SIDE as usize), |icon| icon.bytes.to_vec());
        let (topic, path) = (topic.clone(), Addresses::icon_path(topic.as_str()));
        self.icons.push(SiteIcon { topic, path, media_type: PNG, bytes });
    }
}
