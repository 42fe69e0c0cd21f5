//! Licences and reservations of rights.

use feed_model::{Headers, Reservation};
use site_discovery::{Page, reservation};

fn read(headers: &[(&str, &str)], html: &str) -> Reservation {
    let mut fields = Headers::default();
    for (name, value) in headers {
        fields.push(name, *value);
    }
    let url = "https://one.example/blog/".parse().unwrap();
    reservation(&Page { url: &url, headers: &fields, html })
}

#[test]
fn header_fields_state_the_licence_and_the_reservation() {
    let found = read(
        &[
            ("Link", "</feed>; rel=alternate, </l.xml>; rel=\"license\"; type=application/rsl+xml"),
            ("TDM-Reservation", "1"),
            ("TDM-Policy", "/tdm.json"),
        ],
        "",
    );
    let expected = Reservation {
        license: Some("https://one.example/l.xml".to_owned()),
        license_type: Some("application/rsl+xml".to_owned()),
        tdm_reserved: true,
        tdm_policy: Some("https://one.example/tdm.json".to_owned()),
    };
    assert_eq!(found, expected);
    assert_eq!(read(&[("TDM-Reservation", "0")], ""), Reservation::default());
}

#[test]
fn the_head_of_a_page_states_them_too() {
    let found = read(
        &[],
        "<html><head><link rel='license' href='https://creativecommons.org/licenses/by/4.0/'>\
         <meta name='TDM-Reservation' content='1'></head>\
         <body><a rel=license href=/other>x</a></body></html>",
    );
    assert_eq!(found.license.as_deref(), Some("https://creativecommons.org/licenses/by/4.0/"));
    assert!(found.tdm_reserved && found.tdm_policy.is_none() && found.license_type.is_none());
}
