//! The icons of the site, of its topics and of publications.
//!
//! [`SiteIcons`] has the icons that feeds.toml names and draws the others. [`to_png`] converts an
//! image of someone else: it is decoded and encoded again, so that only pixels are left of it.

mod convert;
mod draw;
mod font;
mod site_icons;

pub use convert::{IconError, named_icon, to_png};
pub use site_icons::SiteIcons;
